"""`breakwater worstof …`: compile dirty lines into a list, and write a recipient's copy of ours."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from breakwater.custody.command_line import typist
from breakwater.formats.block_list import FORMS, Compiled, Header, compile_sources
from breakwater.formats.domain_name import BadName
from breakwater.worstof.actions.downloading import (
    Copy,
    NotGranted,
    NothingPublished,
    copy_for,
    record_download,
)
from breakwater.worstof.entry_texts import guard_line
from breakwater.worstof.line_texts import reason_line
from breakwater.worstof.models import Recipient
from breakwater.worstof.queries.known_names import (
    NEVER_BLOCK,
    TOP_SITES,
    guards_against,
    known,
    never_block,
    read_site,
    top_sites,
)
from breakwater.worstof.rules.guards import refusals
from breakwater.worstof.rules.top_sites import TopSites, fault_of
from breakwater.worstof.signing import BadKey, public_key
from breakwater.worstof.wrong_use import wrong

app = typer.Typer()
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
_PRIVATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
_BAR_AFTER = 2.0  # seconds


@app.command("compile")
def compile_files(
    paths: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Lists.")],
    form: Annotated[str, typer.Option(help=f"One of {', '.join(FORMS)}.")],
    output: Annotated[Path, typer.Option(help="File that is written.")],
    zone: Annotated[str, typer.Option(help="Name of the policy zone.")] = "rpz.desk.invalid",
    serial: Annotated[int, typer.Option(help="Serial of the zone; 0: seconds since 1970.")] = 0,
) -> None:
    """Make one clean list of lines in any of the usual forms.

    What a resolver cannot block, and what would hurt others, is left out and counted. Nothing is
    listed on this desk. Ends with 1 if lines were left out, with 2 for wrong use.
    """
    if form not in FORMS:
        wrong(f"--form {form}: expected one of {', '.join(FORMS)}")
    found = _compile(paths)
    at = timezone.now()
    header = Header(serial or int(at.timestamp()), at, zone, "Compiled by Breakwater")
    whole = output.with_name(output.name + ".part")
    try:
        whole.unlink(missing_ok=True)
        with os.fdopen(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as stream:
            stream.writelines(FORMS[form].write(found.names, header))
        whole.replace(output)
    except (OSError, ValueError) as problem:
        whole.unlink(missing_ok=True)
        wrong(f"{output} cannot be written: {problem}")
    _tell(found)
    raise typer.Exit(1 if found.left_out else 0)


def _compile(paths: list[Path]) -> Compiled:
    bar = _Bar(sum(path.stat().st_size for path in paths))
    try:
        return compile_sources(_opened(paths), refusals(known()), progress=bar.move)
    except OSError as problem:
        wrong(f"{problem.filename or 'A file'} cannot be read: {problem.strerror}")
    finally:
        bar.end()


def _opened(paths: list[Path]) -> Iterator[tuple[str, BinaryIO]]:
    for path in paths:
        with path.open("rb") as stream:
            yield str(path), stream


class _Bar:
    """How far the reading is, for people who wait longer than two seconds."""

    def __init__(self, total: int) -> None:
        columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=err, transient=True)
        self._task = self._bar.add_task("", total=total)
        self._begin = time.monotonic()

    def move(self, done: int) -> None:
        if err.is_terminal and time.monotonic() - self._begin > _BAR_AFTER:
            self._bar.start()
            self._bar.update(self._task, completed=done)

    def end(self) -> None:
        self._bar.stop()


def _tell(found: Compiled) -> None:
    out.print(
        f"{len(found.names):,} names of {found.lines:,} lines: {found.duplicates:,} again, "
        f"{found.comments:,} comments, {found.covered:,} below another, {found.left_out:,} left out",
        soft_wrap=True,
    )
    for problem, count in found.problems.most_common():
        out.print(f"  {count:>9,}  {reason_line(problem)}", markup=False, soft_wrap=True)
    for fault in found.faults:
        where = f"{fault.source}, line {fault.line}"
        out.print(f"{where}: {fault.text!r}: {reason_line(fault.problem)}.",
                  markup=False, soft_wrap=True)  # fmt: skip
    if found.left_out > len(found.faults):
        out.print(f"Shown are the first {len(found.faults)} of {found.left_out:,}.")


@app.command("write")
def write(
    key_name: Annotated[str, typer.Argument(help="The recipient's key name.")],
    form: Annotated[str, typer.Option(help=f"One of {', '.join(FORMS)}; as granted.")],
    output: Annotated[Path, typer.Option(help="File that is written; existing ones are replaced.")],
) -> None:
    """Write a recipient's copy of the published list, for one that cannot take it itself.

    It has the recipient's own canaries and is logged as a download. Beside it PATH.manifest.json
    has the signed words about it. Ends with 2 if nothing could be written.
    """
    recipient = Recipient.objects.filter(key_name=key_name, closed_at=None).first()
    if recipient is None:
        wrong(f"No open recipient has the key name «{key_name}».")
    try:
        copy = copy_for(recipient, form)
        _hand_out(copy, recipient, output)
    except NotGranted:
        wrong(f"«{recipient.name}» does not get the form {form}; it gets "
               f"{', '.join(recipient.forms) or 'none'}.")  # fmt: skip
    except NothingPublished:
        wrong("Nothing is published yet, and no good copy of an earlier publication is kept.")
    except (OSError, BadKey) as problem:
        wrong(f"{output} cannot be written: {problem}")
    out.print(f"{output}: {copy.manifest.count:,} names with canaries, serial "
              f"{copy.manifest.serial}", markup=False, soft_wrap=True)  # fmt: skip


def _hand_out(copy: Copy, recipient: Recipient, output: Path) -> None:
    """The log has the line before the file is there."""
    whole = output.with_name(output.name + ".part")
    said = {"manifest": copy.manifest.signed.decode("ascii"), "signature": copy.signature.hex(),
            "public_key": public_key().hex()}  # fmt: skip
    try:
        with os.fdopen(os.open(whole, _PRIVATE, 0o600), "wb") as file, copy.path.open("rb") as made:
            shutil.copyfileobj(made, file)
        output.with_name(output.name + ".manifest.json").write_text(json.dumps(said), "ascii")
        record_download(recipient, copy, address=typist(), at=timezone.now())
        whole.replace(output)
    finally:
        whole.unlink(missing_ok=True)


@app.command()
def check(
    names: Annotated[list[str], typer.Argument(help="Domain names or addresses of pages.")],
) -> None:
    """Say what the guards say of names. Ends with 1 if one is refused or needs signatures."""
    for line in never_block().bad:
        where = f"{NEVER_BLOCK}, line {line.number}"
        err.print(f"{where}: {reason_line(line.problem)}.", markup=False, soft_wrap=True)
    err.print(_sites_line(top_sites()), soft_wrap=True)
    free = True
    for text in names:
        try:
            name = read_site(text)
        except BadName as refused:
            out.print(f"{text}: refused. {reason_line(refused.problem)}.", markup=False)
            free = False
            continue
        guards = guards_against(name.name)
        free = free and not guards
        for guard in guards:
            verdict = "refused" if guard.refuses else "needs two more signatures"
            why = guard_line(guard.key, guard.match)
            out.print(f"{name.shown}: {verdict}. {why}", markup=False, soft_wrap=True)
        if not guards:
            out.print(f"{name.shown}: free to list", markup=False)
    raise typer.Exit(0 if free else 1)


def _sites_line(found: TopSites) -> str:
    """How far the operator's snapshot of the largest sites can be trusted."""
    if found.written_at is None:
        return f"{TOP_SITES} is missing: of large sites only the package's short list is known."
    days = (timezone.now() - found.written_at).days
    told = f"{TOP_SITES}: {len(found.names)} sites, {found.bad} lines without one, {days} days old."
    fault = fault_of(found, at=timezone.now())
    return f"{told} Get a new one." if fault else told
