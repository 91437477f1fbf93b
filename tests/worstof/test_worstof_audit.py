"""An outside checker with the last head and the pinned key finds every tampering, and names it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import SplitResult, parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction
from typer.testing import CliRunner, Result

from breakwater.custody.models import AuditEntry
from breakwater.worstof import log_commands, log_reading, signing
from breakwater.worstof.actions.transparency import append, sign_head
from breakwater.worstof.commands import app
from breakwater.worstof.models import BlockList, Entry, LogHead, LogLeaf, LogNode
from breakwater.worstof.queries import log
from breakwater.worstof.rules import merkle
from breakwater.worstof.rules.leaves import Head, commitment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "worstof" / "signing.key"
    monkeypatch.setattr(signing, "key_path", lambda: path)
    return path


@pytest.fixture(autouse=True)
def checker_clock(at: datetime, monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """The checker's clock; an hour after the first decision, if nothing else is said."""

    def after(time: timedelta) -> None:
        monkeypatch.setattr(log_commands, "now", lambda: at + time)

    after(timedelta(hours=1))
    return after


@pytest.fixture
def entry(db: None, at: datetime) -> Entry:
    block_list = BlockList.objects.create(name="Worst Of", legal_basis="Synthetic Act s. 1")
    return Entry.objects.create(
        block_list=block_list, name="bad.example", shown="bad.example", created_at=at
    )


def decide(entry: Entry, at: datetime, times: int) -> None:
    with transaction.atomic():
        for _ in range(times):
            append("listed", entry, at=at)
    sign_head(actor="test", at=at)


@pytest.fixture
def grow(entry: Entry, at: datetime) -> Callable[[int], None]:
    """Add so many decisions and sign a head; each call is a minute later."""
    minutes = iter(range(1000))

    def more(times: int) -> None:
        decide(entry, at + timedelta(minutes=next(minutes)), times)

    more(5)
    more(7)
    return more


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "300"})


class Checker:
    """Somebody outside, with a file of their own."""

    def __init__(self, url: str, path: Path) -> None:
        self.url, self.path = url, path
        first = run("audit", "--url", url, "--head", path, "--key", signing.public_key().hex())
        assert first.exit_code == 0, first.output

    def audit(self, *more: object) -> Result:
        return run("audit", "--url", self.url, "--head", self.path, *more)

    def finds(self, *words: str) -> None:
        """The audit ends with 1, says these words, and the head stays as it was."""
        before = self.path.read_text()
        answer = self.audit()
        assert answer.exit_code == 1, answer.output
        for word in words:
            assert word in answer.output, answer.output
        assert self.path.read_text() == before


@pytest.fixture
def checker(grow, live_server, tmp_path: Path) -> Checker:
    return Checker(f"{live_server.url}/transparency/", tmp_path / "checker.json")


def rebuilt(sign: Callable[[bytes], bytes] = signing.sign) -> None:
    """What a thorough attacker does after changing leaves: new hashes, new heads, all signed."""
    rows = list(LogLeaf.objects.order_by("index").values_list("commitment", flat=True))
    hashes = [merkle.leaf_hash(bytes(c)) for c in rows]
    LogNode.objects.all().delete()
    LogNode.objects.bulk_create(
        LogNode(place=merkle.place(node), hash=h) for node, h in merkle.grown(0, [], hashes)
    )
    for row in LogHead.objects.all():
        if row.size > len(hashes):
            row.delete()
            continue
        head = Head(row.size, log.root_at(row.size), row.at)
        LogHead.objects.filter(pk=row.pk).update(root=head.root, signature=sign(head.signed))


@contextmanager
def undone() -> Iterator[None]:
    """Put the log back as it was: emptying a database for each tampering takes longer."""
    kept = [(model, list(model.objects.all())) for model in (LogLeaf, LogNode, LogHead)]
    try:
        yield
    finally:
        for model, rows in kept:
            model.objects.all().delete()
            model.objects.bulk_create(rows)


def other_key(data: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(bytes(32)).sign(data)


def edit(index: int) -> None:
    leaf = LogLeaf.objects.get(pk=index)
    decision = leaf.decision.replace("bad.example", "rival.example")
    LogLeaf.objects.filter(pk=index).update(
        decision=decision, commitment=commitment(bytes(leaf.nonce), decision)
    )


def move(index: int, to: int) -> None:
    LogLeaf.objects.filter(pk=index).update(index=to)


def swap(one: int, other: int) -> None:
    move(one, 999)
    move(other, one)
    move(999, other)


def take_out(index: int) -> None:
    """Delete a leaf and close the gap."""
    LogLeaf.objects.filter(pk=index).delete()
    for later in range(index + 1, log.size()):
        move(later, later - 1)


def test_a_log_that_grows_is_well_and_the_new_head_is_kept(checker, grow) -> None:
    assert checker.audit().exit_code == 0
    grow(11)
    answer = checker.audit()
    assert answer.exit_code == 0, answer.output
    assert "23 decisions" in answer.output
    assert json.loads(checker.path.read_text())["size"] == 23


def test_an_edited_leaf_is_named(checker) -> None:
    for index in (0, 3, 4, 7, 11):
        with undone():
            edit(index)
            checker.finds(f"edited: Leaf {index} is not the one that was signed.")
    assert checker.audit().exit_code == 0


def test_a_deleted_leaf_is_named(checker) -> None:
    LogLeaf.objects.filter(pk=6).delete()
    checker.finds("removed: Leaf 6 is missing.")


def test_several_deleted_leaves_are_named(checker) -> None:
    LogLeaf.objects.filter(pk__in=[2, 3, 4]).delete()
    checker.finds("removed: Leaves 2 to 4 are missing.")


def test_leaves_that_changed_places_are_named(checker) -> None:
    swap(3, 8)
    checker.finds("reordered: Leaf 8 is the one that was signed as leaf 3.")


def test_a_log_cut_at_its_end_is_found(checker) -> None:
    LogLeaf.objects.filter(pk__gte=10).delete()
    checker.finds("truncated", "up to leaf 9 only")


def test_a_leaf_taken_out_without_a_gap_is_found(checker) -> None:
    take_out(4)
    checker.finds("truncated", "up to leaf 10 only")


TAMPERING = {
    "edited": lambda: edit(3),
    "edited last": lambda: edit(11),
    "removed": lambda: take_out(4),
    "removed last": lambda: take_out(11),
    "reordered": lambda: swap(0, 1),
    "truncated": lambda: LogLeaf.objects.filter(pk__gte=5).delete(),
}


def test_a_log_rewritten_and_signed_with_its_own_key_is_found(checker, grow) -> None:
    for grown_again in (False, True):
        for name, tamper in TAMPERING.items():
            with undone():
                tamper()
                rebuilt()
                if grown_again:
                    grow(9)
                answer = checker.audit()
            assert answer.exit_code == 1, (name, answer.output)
            assert any(x in answer.output for x in ("split view", "rewritten", "truncated")), name
    assert checker.audit().exit_code == 0


def test_a_log_signed_with_another_key_is_found(checker) -> None:
    for tamper in TAMPERING.values():
        with undone():
            tamper()
            rebuilt(other_key)
            checker.finds("signature: The pinned key did not sign the log's head")
    assert checker.audit().exit_code == 0


def test_one_old_head_signed_with_another_key_is_found(checker) -> None:
    row = LogHead.objects.get(size=5)
    head = Head(5, bytes(row.root), row.at)
    LogHead.objects.filter(size=5).update(signature=other_key(head.signed))
    checker.finds("signature", "5 leaves")


def test_two_logs_of_one_size_signed_by_the_key_are_a_split_view(checker) -> None:
    edit(8)
    rebuilt()
    checker.finds("split view: The key signed two logs of 12 leaves")


def test_heads_that_are_rolled_back_are_found(checker) -> None:
    LogHead.objects.filter(size=12).delete()
    checker.finds("truncated: The log ends at 5 leaves now", "withdrawn head")


def test_a_head_in_the_middle_that_disappears_is_found(checker, grow) -> None:
    grow(4)
    LogHead.objects.filter(size=12).delete()
    checker.finds("withdrawn head", "12 leaves")


def test_a_log_that_shows_no_head_any_more_is_found(checker) -> None:
    LogHead.objects.all().delete()
    checker.finds("truncated: The log shows no head any more; it signed one (12 leaves")


@pytest.fixture
def first(live_server, tmp_path: Path) -> Callable[..., Result]:
    """The first audit of a checker who holds no head yet, at an address below the desk's."""

    def audit(path: str = "/transparency/") -> Result:
        key, file = signing.public_key().hex(), tmp_path / "first.json"
        answer = run("audit", "--url", live_server.url + path, "--head", file, "--key", key)
        assert file.exists() == (answer.exit_code in (0, 3))
        return answer

    return audit


def test_a_desk_that_decided_nothing_yet_is_not_accused(db, first) -> None:
    answer = first()
    assert answer.exit_code == 2
    assert "The log has no signed head yet." in answer.output
    assert "tampered" not in answer.output


def test_a_wrong_address_is_no_tampering(grow, first, checker, live_server) -> None:
    for path in ("/typo/", "/"):
        answer = first(path)
        assert answer.exit_code == 2, answer.output
        assert "could not be read, which says nothing of it" in answer.output
    checker.url = f"{live_server.url}/typo/"  # nor is it for somebody who holds a head
    assert checker.audit().exit_code == 2


def test_a_page_that_answers_in_the_place_of_the_log_is_no_tampering(grow, first) -> None:
    """As the pages of a network that one has to sign in to first."""
    answer = first("/transparency/report/?")
    assert answer.exit_code == 2
    assert "no JSON" in answer.output


def test_a_head_that_the_log_shows_and_does_not_offer_is_found(grow, tmp_path: Path) -> None:
    """The log itself proves that it is cut, to somebody who holds no head."""
    folder, path = copied(tmp_path / "copy"), tmp_path / "head.json"
    head = log.heads()[0]
    (folder / "head.json").write_text(json.dumps(head.as_data()))
    lines = (folder / "leaves.jsonl").read_text().splitlines(keepends=True)
    (folder / "leaves.jsonl").write_text("".join(lines[:5]))
    key = signing.public_key().hex()
    answer = run("audit", "--folder", folder, "--head", path, "--key", key)
    assert answer.exit_code == 1, answer.output
    assert "truncated: The head says 12 leaves; the log shows them up to leaf 4" in answer.output


def test_a_head_signed_while_the_log_is_read_is_no_tampering(grow, tmp_path: Path) -> None:
    folder, path = copied(tmp_path / "copy"), tmp_path / "head.json"
    (folder / "head.json").write_text(json.dumps(log.heads()[0].as_data()))
    key = signing.public_key().hex()
    answer = run("audit", "--folder", folder, "--head", path, "--key", key)
    assert answer.exit_code == 0, answer.output
    assert json.loads(path.read_text())["size"] == 12


def test_a_head_whose_time_goes_back_is_found(checker, grow, at) -> None:
    sign_back = Head(13, b"", at - timedelta(days=400))
    grow(1)
    head = Head(13, log.root_at(13), sign_back.at)
    LogHead.objects.filter(size=13).update(at=head.at, signature=signing.sign(head.signed))
    checker.finds("backdated: Time goes back", "13 leaves")


def test_a_head_that_was_renewed_is_well(checker, at, checker_clock) -> None:
    sign_head(actor="test", at=at + timedelta(days=2))
    checker_clock(timedelta(days=2))
    assert checker.audit().exit_code == 0
    assert json.loads(checker.path.read_text())["at"] == "2026-11-04T12:00:00Z"


def test_an_older_head_of_the_same_size_is_not_taken_for_the_renewed_one(
    checker, at, checker_clock
) -> None:
    """Else a checker would forget the newer one, and a backdated head would pass after it."""
    old = LogHead.objects.filter(size=12).values("at", "signature")[0]
    sign_head(actor="test", at=at + timedelta(days=2))
    checker_clock(timedelta(days=2))
    assert checker.audit().exit_code == 0
    LogHead.objects.filter(size=12).update(**old)
    checker.finds("withdrawn head: The log no longer shows", "12 leaves, 2026-11-04")


def test_a_head_that_cannot_be_kept_accuses_nobody(checker, tmp_path: Path) -> None:
    key = signing.public_key().hex()
    for path in (tmp_path / "no" / "head.json", checker.path / "head.json"):
        answer = run("audit", "--url", checker.url, "--head", path, "--key", key)
        assert answer.exit_code == 2, answer.output
        assert "No tampering was found, but the new head could not be kept" in answer.output
        assert answer.exception is None or isinstance(answer.exception, SystemExit)


def test_a_copy_with_leaves_that_no_head_covers_is_found(grow, tmp_path: Path) -> None:
    folder, path = copied(tmp_path / "copy"), tmp_path / "head.json"
    with (folder / "leaves.jsonl").open("a") as file:
        file.write(json.dumps({"index": 12, "commitment": "ab" * 32}) + "\n")
    key = signing.public_key().hex()
    answer = run("audit", "--folder", folder, "--head", path, "--key", key)
    assert answer.exit_code == 1, answer.output
    assert "unsigned: No signed head covers leaf 12" in answer.output


def test_a_log_that_stands_still_is_told_apart_from_one_that_is_well(
    checker, checker_clock
) -> None:
    checker_clock(timedelta(days=2, hours=5))
    answer = checker.audit()
    assert answer.exit_code == 0
    assert "The head was signed 2 days and 5 hours ago." in answer.output
    checker_clock(timedelta(days=9))
    answer = checker.audit()
    assert answer.exit_code == 3
    assert "All is well" not in answer.output
    assert "held back from you" in answer.output
    assert checker.audit("--max-age", 30).exit_code == 0
    checker_clock(-timedelta(days=40))
    answer = checker.audit()
    assert answer.exit_code == 3
    assert "41 days ahead of this machine's clock" in answer.output


def test_two_checkers_who_were_shown_different_logs_find_it_by_their_heads(
    checker, grow, live_server, tmp_path: Path
) -> None:
    """Each log is well in itself; only the two heads side by side tell."""
    grow(3)
    assert checker.audit().exit_code == 0
    LogHead.objects.filter(size=15).delete()
    edit(13)
    rebuilt()
    sign_head(actor="test", at=LogHead.objects.latest("size").at + timedelta(hours=1))
    other = Checker(checker.url, tmp_path / "other.json")
    assert other.audit().exit_code == 0
    answer = other.audit("--also", checker.path)
    assert answer.exit_code == 1
    assert "split view: The key signed two logs of 15 leaves" in answer.output


def test_a_fork_of_another_size_is_found_too(checker, grow, live_server, tmp_path: Path) -> None:
    grow(3)
    assert checker.audit().exit_code == 0
    LogHead.objects.filter(size=15).delete()
    edit(13)
    rebuilt()
    grow(6)
    other = Checker(checker.url, tmp_path / "other.json")
    answer = other.audit("--also", checker.path)
    assert answer.exit_code == 1
    assert "withdrawn head" in answer.output
    assert "rewritten" in answer.output


def copied(folder: Path) -> Path:
    answer = run("log-copy", folder)
    assert answer.exit_code == 0, answer.output
    return folder


@pytest.mark.django_db  # no server, so nothing has to be committed
def test_a_copy_in_a_folder_is_audited_without_a_network(grow, tmp_path: Path) -> None:
    folder, path = copied(tmp_path / "copy"), tmp_path / "head.json"
    key = signing.public_key().hex()
    assert run("audit", "--folder", folder, "--head", path, "--key", key).exit_code == 0
    lines = (folder / "leaves.jsonl").read_text().splitlines(keepends=True)
    for changed, word in (
        (lines[:3] + lines[4:], "Leaf 3 is missing"),
        ([*lines[:3], lines[4], lines[3], *lines[5:]], "reordered"),
        (lines[:-2], "truncated"),
        ([*lines[:6], lines[6].replace('"commitment": "', '"commitment": "0')], "no hash"),
        ([*lines[:7], lines[7].replace(lines[7][-10:-4], "0a0b0c"), *lines[8:]], "leaves 5 to 11"),
        ([*lines[:2], *lines[3:5], "{\n"], "no JSON"),  # what was found before it stays found
    ):
        (folder / "leaves.jsonl").write_text("".join(changed))
        answer = run("audit", "--folder", folder, "--head", path)
        assert answer.exit_code == 1, answer.output
        assert word in answer.output
    assert "bad.example" not in "".join(p.read_text() for p in folder.iterdir())


@pytest.mark.django_db  # no server, so nothing has to be committed
def test_a_copy_that_cannot_be_read_to_its_end_is_no_tampering(grow, tmp_path: Path) -> None:
    folder, path = copied(tmp_path / "copy"), tmp_path / "head.json"
    key = signing.public_key().hex()
    assert run("audit", "--folder", folder, "--head", path, "--key", key).exit_code == 0
    before, lines = path.read_text(), (folder / "leaves.jsonl").read_text().splitlines(True)
    for last, word in (
        (lines[6][:-20], "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("\udcff", "no JSON"),
    ):
        text = "".join([*lines[:6], last]).encode(errors="surrogateescape")
        (folder / "leaves.jsonl").write_bytes(text)
        answer = run("audit", "--folder", folder, "--head", path)
        assert answer.exit_code == 2, answer.output
        assert word in answer.output
        assert "could not be read to its end" in answer.output
        assert "tampered" not in answer.output
        assert path.read_text() == before


class Answering(BaseHTTPRequestHandler):
    """Answers with these octets, whatever is asked."""

    def do_GET(self) -> None:
        self.wfile.write(self.server.answer(urlsplit(self.path)))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def answering() -> Iterator[Callable[[Callable[[SplitResult], bytes]], str]]:
    """Gives the address of a server whose answers a test makes."""
    server = HTTPServer(("127.0.0.1", 0), Answering)
    Thread(target=server.serve_forever, daemon=True).start()

    def address(answer: Callable[[SplitResult], bytes]) -> str:
        server.answer = answer
        return f"http://127.0.0.1:{server.server_port}"

    yield address
    server.shutdown()
    server.server_close()


def as_http(body: str, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.0 200 OK\r\nContent-Length: {size}\r\n\r\n{body}".encode()


@pytest.mark.django_db  # the server reads no database
@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        as_http("[" * 100_000),
        as_http('{"size": 1', 4000),
    ],
    ids=["no HTTP", "no chunks", "nested", "cut off"],
)
def test_an_answer_that_is_no_logs_is_no_tampering(answering, tmp_path: Path, answer) -> None:
    for url in (answering(lambda _: answer), "http://127.0.0.1:1 /x"):
        told = run("audit", "--url", url, "--head", tmp_path / "head.json", "--key", "00" * 32)
        assert (told.exit_code, type(told.exception)) == (2, SystemExit), told.output
        assert "could not be read" in told.output


@pytest.mark.django_db  # no server of the desk's, so nothing has to be committed
@pytest.mark.parametrize("is_empty", [True, False])
def test_heads_that_never_end_are_no_tampering_and_end_the_audit(
    grow, answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_empty: bool
) -> None:
    """Each page says that there is another, and goes forward."""
    monkeypatch.setattr(log_reading, "MOST_HEADS", 50)
    head = log.last_head()
    assert head is not None
    rows, asked = [] if is_empty else [head.as_data()] * 3, []

    def answer(url: SplitResult) -> bytes:
        if url.path == "/head":
            return as_http(json.dumps(head.as_data()))
        asked.append(url)
        start = int(parse_qs(url.query)["from"][0])
        return as_http(json.dumps({"heads": rows, "next": start + 1}))

    url, key = answering(answer), signing.public_key().hex()
    told = run("audit", "--url", url, "--head", tmp_path / "head.json", "--key", key)
    assert told.exit_code == 2, told.output
    assert "heads does not end after 50" in told.output
    assert len(asked) <= 51


@pytest.mark.django_db  # no server, so nothing has to be committed
def test_wrong_use_ends_with_two_and_accuses_nobody(grow, tmp_path: Path) -> None:
    folder, path = copied(tmp_path / "copy"), tmp_path / "head.json"
    key = signing.public_key().hex()
    assert run("audit", "--folder", folder, "--head", path).exit_code == 2
    assert run("audit", "--head", path, "--key", key).exit_code == 2
    assert run("audit", "--folder", folder, "--head", path, "--key", "zz").exit_code == 2
    assert run("audit", "--folder", tmp_path / "no", "--head", path, "--key", key).exit_code == 2
    nobody = "http://127.0.0.1:9/transparency/"
    assert run("audit", "--url", nobody, "--head", path, "--key", key).exit_code == 2
    assert run("audit", "--url", "file:///etc", "--head", path, "--key", key).exit_code == 2
    assert not path.exists()
    assert run("audit", "--folder", folder, "--head", path, "--key", key).exit_code == 0
    assert run("audit", "--folder", folder, "--head", path, "--key", "00" * 32).exit_code == 2
    path.write_text(path.read_text().replace('"size": 12', '"size": 5'))
    answer = run("audit", "--folder", folder, "--head", path)
    assert answer.exit_code == 2
    assert "The file was changed" in answer.output


@pytest.mark.django_db  # no server, so nothing has to be committed
def test_a_leaf_is_opened_for_an_auditor_and_verified(grow, tmp_path: Path) -> None:
    file, key = tmp_path / "opened.json", signing.public_key().hex()
    assert run("proof", "7", "--output", file).exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    answer = run("proof", "verify", file, "--key", key)
    assert answer.exit_code == 0, answer.output
    assert "Leaf 7 of 12" in answer.output
    assert "bad.example" in answer.output
    assert AuditEntry.objects.get(verb="worstof.log.opened").target == "leaf 7"


@pytest.mark.django_db  # no server, so nothing has to be committed
def test_every_leaf_of_a_domain_is_opened(grow, tmp_path: Path) -> None:
    for written in ("bad.example", "BAD.example.", "https://bad.example/x"):
        assert len(run("proof", written).output.splitlines()) == 12
    answer = run("proof", "other.example")
    assert answer.exit_code == 1
    assert "The log has no decision on it." in answer.output
    assert run("proof", "12").exit_code == 1


@pytest.mark.django_db  # no server, so nothing has to be committed
def test_an_opened_leaf_that_was_changed_is_not_proven(grow, tmp_path: Path) -> None:
    file, key = tmp_path / "opened.json", signing.public_key().hex()
    run("proof", "7", "--output", file)
    text = file.read_text()
    data = json.loads(text)
    for changed in (
        text.replace("bad.example", "rival.example"),
        json.dumps({**data, "index": 6}),
        json.dumps({**data, "nonce": "00" * 32}),
        json.dumps({**data, "proof": data["proof"][:-1]}),
        json.dumps({**data, "head": {**data["head"], "size": 11}}),
        "[]", "no JSON",
    ):  # fmt: skip
        file.write_text(changed)
        answer = run("proof", "verify", file, "--key", key)
        assert answer.exit_code == 1, answer.output
        assert "Not proven" in answer.output
    file.write_text(text)
    assert run("proof", "verify", file, "--key", "00" * 32).exit_code == 1
    assert run("proof", "verify", file).exit_code == 2


@pytest.mark.django_db  # no server, so nothing has to be committed
def test_the_key_and_a_head_are_given_on_the_command_line(grow) -> None:
    assert signing.public_key().hex() in run("key").output
    assert json.loads(run("sign-head").output)["size"] == 12


@pytest.mark.django_db  # no server, so nothing has to be committed
def test_a_damaged_key_is_said_in_a_sentence(grow, key_file: Path) -> None:
    key_file.write_text("gone")
    for command in ("key", "sign-head"):
        answer = run(command)
        assert answer.exit_code in (0, 1)
        assert "Traceback" not in answer.output
    assert run("key").exit_code == 1
