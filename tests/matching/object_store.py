"""A storage that speaks as much of S3 as a listing and reads need, on the loopback."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

PAGE = 3  # names in a page of a listing


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        if not key:
            self._list(bucket, {k: v[0] for k, v in parse_qs(parts.query, True).items()})
            return
        content = self.objects.get(f"{bucket}/{key}")
        if content is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        end = min(int(last) + 1, len(content)) if last else len(content)
        place = f"bytes {first}-{end - 1}/{len(content)}"
        self._answer(206, content[int(first) : end], {"Content-Range": place})

    def do_HEAD(self) -> None:
        content = self.objects.get(unquote(urlsplit(self.path).path).lstrip("/"))
        self.send_response(200 if content is not None else 404)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()

    def _list(self, bucket: str, asked: dict[str, str]) -> None:
        prefix, cut = asked.get("prefix", ""), asked.get("delimiter", "")
        keys = sorted(k.removeprefix(f"{bucket}/") for k in self.objects)
        inside = [k for k in keys if k.startswith(prefix)]
        folders = {k[: k.index(cut, len(prefix)) + 1] for k in inside if cut and cut in k[len(prefix) :]}  # fmt: skip
        files = [k for k in inside if not cut or cut not in k[len(prefix) :]]
        # Names in the order of a listing, a page at a time; the token is the last name given.
        names = sorted([*files, *folders])
        after = [n for n in names if n > asked.get("continuation-token", "")]
        page, more = set(after[:PAGE]), len(after) > PAGE
        files, folders = [k for k in files if k in page], folders & page
        body = "".join(
            f"<Contents><Key>{escape(k)}</Key><Size>{len(self.objects[f'{bucket}/{k}'])}</Size>"
            "<LastModified>2026-11-01T00:00:00Z</LastModified></Contents>"
            for k in files
        )
        body += "".join(f"<CommonPrefixes><Prefix>{escape(f)}</Prefix></CommonPrefixes>" for f in sorted(folders))  # fmt: skip
        if more:
            body += f"<NextContinuationToken>{escape(after[PAGE - 1])}</NextContinuationToken>"
        self._answer(
            200,
            f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{bucket}</Name>'
            f"<KeyCount>{len(page)}</KeyCount><IsTruncated>{str(more).lower()}</IsTruncated>"
            f"{body}</ListBucketResult>".encode(),
        )

    def _answer(self, status: int, body: bytes, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {"Content-Length": str(len(body)), "Content-Type": "application/xml"}
        for name, value in (headers | (more or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def object_store(objects: dict[str, bytes]) -> Iterator[str]:
    """Serve `objects` by «bucket/key»; gives what an address needs behind its question mark."""
    handler = type("Handler", (_Handler,), {"objects": objects})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"scheme=http&endpoint_override=127.0.0.1:{server.server_port}&region=us-east-1"
    finally:
        server.shutdown()
        server.server_close()
