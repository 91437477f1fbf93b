"""`breakwater worstof …`: the transparency log and what an outside checker does with it."""

import json
import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from django.utils.timezone import now
from rich.console import Console

from breakwater.custody.command_line import typist
from breakwater.worstof import signing
from breakwater.worstof.log_reading import FolderLog, HttpLog
from breakwater.worstof.rules import checking, opened
from breakwater.worstof.rules.checking import Fault
from breakwater.worstof.rules.leaves import BadHead, Head, read_head, written
from breakwater.worstof.wrong_use import wrong

app = typer.Typer()
MAX_AGE = 3  # days; the desk signs a head a day
out = Console(highlight=False, soft_wrap=True)

Key = Annotated[
    str, typer.Option(help="The log's public key, 64 hexadecimal digits, from a second channel.")
]


def _refused(text: str) -> NoReturn:
    out.print(text, markup=False)
    raise typer.Exit(1)


@app.command("key")
def show_key() -> None:
    """Show the public key that checkers pin; it is made on first use."""
    try:
        key = signing.public_key()
    except signing.BadKey as problem:
        _refused(str(problem))
    out.print(key.hex(), markup=False)
    out.print(f"Read out as: {signing.fingerprint(key)}", markup=False)


@app.command("sign-head")
def sign_head() -> None:
    """Sign what the transparency log is now, without waiting for the worker."""
    from breakwater.worstof.actions import transparency
    from breakwater.worstof.queries import log

    try:
        transparency.sign_head(actor=typist(), at=now())
    except signing.BadKey as problem:
        _refused(str(problem))
    head = log.last_head()
    if head is None:
        out.print("The log has no decision yet; there is nothing to sign.")
        return
    out.print(json.dumps(head.as_data()), markup=False)


@app.command("log-copy")
def log_copy(
    output: Annotated[Path, typer.Argument(help="Folder for the copy; made if it is not there.")],
) -> None:
    """Write the public log as files, for a mirror or for a checker without a network.

    Nothing in them names a domain. Check a copy with: breakwater worstof audit --folder …
    """
    from breakwater.worstof.queries import log

    head = log.last_head()
    if head is None:
        _refused("The log has no signed head yet. Sign one with: breakwater worstof sign-head")
    output.mkdir(parents=True, exist_ok=True)
    heads = [h.as_data() for h in log.heads() if h.size <= head.size]
    with (output / "leaves.jsonl").open("w") as file:
        for index, commitment in log.leaves(0, head.size):
            file.write(json.dumps({"index": index, "commitment": commitment.hex()}) + "\n")
    _replace(output / "heads.json", json.dumps({"heads": heads}))
    _replace(output / "key.json", json.dumps({"key": signing.public_key().hex()}))
    _replace(output / "head.json", json.dumps(head.as_data()))
    out.print(f"{head.size:,} leaves in {output}", markup=False)


def _replace(path: Path, text: str) -> None:
    """Write a file whole or leave the one before."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with draft.open("w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _key_from(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        wrong("A key is 64 hexadecimal digits; see the desk's: breakwater worstof key")
    return key


def _held(path: Path) -> tuple[bytes, Head]:
    """The pinned key and the head in a checker's file."""
    try:
        data = json.loads(path.read_text())
        head = read_head(data)
        key = bytes.fromhex(data["key"])
    except (OSError, ValueError, KeyError, TypeError, BadHead) as problem:
        wrong(f"{path} is no head as the audit keeps it: {problem}")
    if not head.is_signed_by(key):
        wrong(f"{path}: its key did not sign its head. The file was changed.")
    return key, head


def _pinned(key: str, files: list[Path]) -> tuple[bytes, list[Head]]:
    """The key to check with and the heads that are held; all must be of one key."""
    found = [_held(path) for path in files]
    keys = {held_key for held_key, _ in found} | ({_key_from(key)} if key else set())
    if not keys:
        wrong("Say which key the log has with --key: there is no head file yet that holds it.")
    if len(keys) > 1:
        wrong("The key and the head files are of different logs.")
    return keys.pop(), [head for _, head in found]


@app.command()
def audit(
    head: Annotated[Path, typer.Option(help="File of the last head; made the first time.")],
    url: Annotated[str, typer.Option(help="Address, such as https://…/transparency/.")] = "",
    folder: Annotated[Path | None, typer.Option(help="A copy of the log instead.")] = None,
    key: Key = "",
    also: Annotated[
        list[Path] | None, typer.Option(help="A head file of another checker, to compare.")
    ] = None,
    max_age: Annotated[
        int, typer.Option(min=1, help="Days that the newest head may be old; one is signed a day.")
    ] = MAX_AGE,
) -> None:
    """Check a transparency log from outside: nothing was edited, removed, moved or forked.

    Needs no account and no database, only the log's public key and the last head that was
    checked. Ends with 0 and keeps the new head if all is well, with 1 and the findings if the
    log was tampered with, with 2 if it could not be read, or not to its end, or the head not be kept, with 3 if it is well but stands still.
    """
    if bool(url) == bool(folder):
        wrong("Say where the log is, with --url or with --folder.")
    try:
        files = [path for path in (head, *(also or [])) if path.exists() or path != head]
    except OSError as problem:
        wrong(f"The file of the last head cannot be looked for: {problem}")
    pinned, held = _pinned(key, files)
    try:
        log = HttpLog(url) if url else FolderLog(folder or Path())
        checked = checking.check(log, pinned, held)
    except checking.NoHead as problem:
        wrong(f"{problem} The first is signed within a minute of the first decision.")
    except (OSError, ValueError, checking.Unreadable) as problem:
        wrong(f"The log could not be read, which says nothing of it: {problem}")
    kept = _well(checked, head)
    try:
        _replace(head, json.dumps({"key": pinned.hex(), **kept.as_data()}))
    except OSError as problem:
        wrong(
            f"No tampering was found, but the new head could not be kept: {problem}. Give --head a "
            "file in a folder that you can write to, and check again."
        )
    stands = _standing(kept, max_age)
    out.print(
        f"{'No tampering was found' if stands else 'All is well'}: {kept.size:,} decisions, "
        f"signed on {written(kept.at)}, begin as {len(held)} held head(s) say.",
        markup=False,
    )
    out.print(stands or _age(kept), markup=False)
    if stands:
        raise typer.Exit(3)


def _well(checked: checking.Checked, file: Path) -> Head:
    for finding in checked.findings:
        out.print(f"{finding.fault}: {finding.text}", markup=False)
    if checked.findings and all(f.fault == Fault.UNREADABLE for f in checked.findings):
        wrong(
            "The log could not be read to its end, so it is not checked; this says nothing of it. "
            f"The head in {file} stays as it was. If it stays so, ask the desk why."
        )
    if checked.findings or checked.head is None:
        _refused(f"The log was tampered with. The head in {file} stays as it was; keep it.")
    return checked.head


def _age(head: Head) -> str:
    hours = max(0, round((now() - head.at) / timedelta(hours=1)))
    return f"The head was signed {hours // 24} days and {hours % 24} hours ago."


def _standing(head: Head, most: int) -> str:
    """Why this head cannot be trusted to be the newest; empty if it is young enough."""
    age = now() - head.at
    if age > timedelta(days=most):
        return (
            f"{_age(head)} A desk signs one a day: it has stopped, or newer heads are held back "
            "from you. Ask for its newest head by another way."
        )
    if age < -timedelta(days=1):
        return (
            f"The head says a time {-age.days} days ahead of this machine's clock. One of the two "
            "clocks is wrong, and nothing tells whether newer heads are held back from you."
        )
    return ""


@app.command()
def proof(
    what: Annotated[str, typer.Argument(help="A leaf's number, a domain, or “verify”.")],
    file: Annotated[Path | None, typer.Argument(help="With verify: the file of a proof.")] = None,
    key: Key = "",
    output: Annotated[Path | None, typer.Option(help="Write the proof here.")] = None,
) -> None:
    """Open leaves of the log for an auditor who may see them, or verify what was opened.

    An opened leaf tells a name: hand it only to who is entitled to it. It is in the audit log.
    """
    if what == "verify":
        _verify(file, key)
        return
    texts = [json.dumps(found, ensure_ascii=False) for found in _open(what)]
    if output is None:
        for text in texts:
            out.print(text, markup=False)
        return
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as written_to:
        written_to.write("\n".join(texts) + "\n")
    out.print(f"{len(texts)} leaves opened in {output}", markup=False)


def _open(what: str) -> list[dict[str, object]]:
    from breakwater.worstof.actions import transparency

    try:
        return transparency.open_leaves(what, by=typist(), at=now())
    except transparency.NotInLog as problem:
        _refused(str(problem))


def _verify(file: Path | None, key: str) -> None:
    if file is None or not key:
        wrong("Use: breakwater worstof proof verify FILE --key KEY")
    pinned = _key_from(key)
    try:
        lines = [line for line in file.read_text().splitlines() if line.strip()]
    except (OSError, ValueError) as problem:
        wrong(f"{file} cannot be read: {problem}")
    for line in lines:
        try:
            found = opened.verified(line, pinned)
        except opened.NotProven as problem:
            _refused(f"Not proven: {problem}")
        out.print(
            f"Leaf {found.index} of {found.head.size}, signed on {written(found.head.at)}: "
            f"{found.decision}",
            markup=False,
        )
    if not lines:
        wrong(f"{file} is empty.")
