"""A transparency log as somebody outside reads it: over HTTP, or from a folder copied elsewhere.

Nothing here needs the desk's database; what it reads is not trusted.
"""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

from breakwater.formats.whole_number import whole_number
from breakwater.worstof.rules.checking import BadLeaf, NoHead, Unreadable
from breakwater.worstof.rules.leaves import NO_HEAD, BadHead, Head, read_head

PAGE = 5_000
_MOST_BYTES = 8 * 1024 * 1024  # of one answer
MOST_HEADS = 500_000  # a desk that decides all day signs some hundred a day
_SECONDS = 30
_PATIENCE = 10  # times


def _head(data: object) -> Head:
    try:
        return read_head(data)
    except BadHead as problem:
        raise Unreadable(str(problem)) from problem


def _object(text: bytes | str, what: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise Unreadable(f"{what} is no JSON") from problem
    if not isinstance(data, dict):
        raise Unreadable(f"{what} is no JSON object")
    return data


def _says_no_head(refused: urllib.error.HTTPError) -> bool:
    try:
        return _object(refused.read(_MOST_BYTES), "head").get("problem") == NO_HEAD
    except (HTTPException, Unreadable):
        return False


def _hash(value: object, what: str) -> bytes:
    try:
        read = bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        read = b""
    if len(read) != 32:
        raise Unreadable(f"{what} is no hash")
    return read


def _leaf(data: object) -> tuple[int, bytes]:
    if not isinstance(data, dict) or type(data.get("index")) is not int:
        raise BadLeaf("a leaf has no index")
    try:
        return data["index"], _hash(data.get("commitment"), f"leaf {data['index']}")
    except Unreadable as problem:
        raise BadLeaf(str(problem)) from problem


class HttpLog:
    """A log at its public addresses, such as https://desk.example/transparency/."""

    def __init__(self, url: str) -> None:
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise ValueError("the address of a log begins with https:// or http://")
        self.url = url.rstrip("/")

    def _ask(self, name: str, **query: int) -> dict[str, Any]:
        address = f"{self.url}/{name}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        asked = urllib.request.Request(  # noqa: S310 – the scheme was checked
            address, headers={"Accept": "application/json", "Cache-Control": "no-cache"}
        )
        text = self._answer(asked)
        if len(text) > _MOST_BYTES:
            raise Unreadable(f"{name} is longer than {_MOST_BYTES:,} bytes")
        return _object(text, name)

    def _answer(self, asked: urllib.request.Request) -> bytes:
        """Read an answer; a log that is asked too much at the moment is asked again later."""
        for _ in range(_PATIENCE):
            try:
                with urllib.request.urlopen(asked, timeout=_SECONDS) as answer:  # noqa: S310
                    return bytes(answer.read(_MOST_BYTES + 1))
            except urllib.error.HTTPError as refused:
                wait = whole_number(refused.headers.get("Retry-After", ""))
                if refused.code != 429 or wait is None:
                    raise
                time.sleep(min(wait, _SECONDS))
            except HTTPException as problem:
                raise Unreadable(f"the answer is no HTTP: {problem!r}") from problem
        raise TimeoutError("the log says that it is asked too much; try again later")

    def head(self) -> Head:
        try:
            return _head(self._ask("head"))
        except urllib.error.HTTPError as refused:
            if refused.code == 404 and _says_no_head(refused):
                raise NoHead(NO_HEAD) from refused
            raise

    def heads(self) -> Iterator[Head]:
        yield from (_head(row) for row in self._pages("heads", MOST_HEADS))

    def leaves(self, size: int) -> Iterator[tuple[int, bytes]]:
        for row in self._pages("leaves", size + PAGE):
            leaf = _leaf(row)
            if leaf[0] >= size:  # added while the log was read
                return
            yield leaf

    def _pages(self, name: str, most: int) -> Iterator[object]:
        """The rows of all pages; more than `most`, or as many empty pages, are no log's."""
        start, seen = 0, 0
        while True:
            page = self._ask(name, **{"from": start, "limit": PAGE})
            rows, following = page.get(name), page.get("next")
            if not isinstance(rows, list):
                raise Unreadable(f"{name} holds no {name}")
            seen += len(rows) or 1
            if seen > most:
                raise Unreadable(f"{name} does not end after {most:,}")
            yield from rows
            if following is None:
                return
            if type(following) is not int or following <= start:
                raise Unreadable(f"{name} does not go forward after {start}")
            start = following

    def proof(self, index: int, size: int) -> tuple[bytes, list[bytes]] | None:
        try:
            data = self._ask("proof", index=index, size=size)
        except urllib.error.HTTPError:
            return None
        path = data.get("proof")
        if not isinstance(path, list):
            raise Unreadable("the proof holds no hashes")
        return _hash(data.get("leaf"), "the leaf"), [_hash(value, "a proof") for value in path]


class FolderLog:
    """A copy as `breakwater worstof log-copy` writes it; proofs are not part of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def head(self) -> Head:
        return _head(_object((self.folder / "head.json").read_bytes(), "head.json"))

    def heads(self) -> Iterator[Head]:
        rows = _object((self.folder / "heads.json").read_bytes(), "heads.json").get("heads")
        if not isinstance(rows, list):
            raise Unreadable("heads.json holds no heads")
        yield from map(_head, rows)

    def leaves(self, size: int) -> Iterator[tuple[int, bytes]]:
        with (self.folder / "leaves.jsonl").open("rb") as lines:
            for line in lines:
                yield _leaf(_object(line, "a line of leaves.jsonl"))

    def proof(self, index: int, size: int) -> tuple[bytes, list[bytes]] | None:
        return None
