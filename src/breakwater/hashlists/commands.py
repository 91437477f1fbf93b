"""`breakwater hashlists …`: fill lists, share them, pull them, and look after their index."""

import getpass
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from django.db import transaction
from django.utils import timezone
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from breakwater.formats.hash_collection import SUFFIXES
from breakwater.formats.hash_table import TARGETS, ColumnMapping, preview
from breakwater.formats.record import FormatError
from breakwater.hashlists import index
from breakwater.hashlists.actions import importing, pulling, recipients
from breakwater.hashlists.actions.exporting import EXPORTS, export
from breakwater.hashlists.actions.importing import Empty, Received, TooLarge, apply_change, receive
from breakwater.hashlists.actions.lists import NameTaken, NotALegalBasis, Terms, create_list
from breakwater.hashlists.actions.pulling import Server, Step
from breakwater.hashlists.models import Direction, Handling, HashList, ListChange, Recipient, Source
from breakwater.hashlists.rules.grades import schemes

app = typer.Typer(
    help="Fill, share and pull lists of known hashes. Begin with: breakwater hashlists create",
    no_args_is_help=True,
)
recipient_app = typer.Typer(
    help="Authorities and providers that may pull lists from this desk.", no_args_is_help=True
)
source_app = typer.Typer(help="Servers that lists are pulled from.", no_args_is_help=True)
app.add_typer(recipient_app, name="recipient")
app.add_typer(source_app, name="source")
out = Console(highlight=False)

# An import here is taken over by the worker when it has been silent for so long.
LEASE = timedelta(minutes=5)
FAULTS_SHOWN = 20
ListName = Annotated[str, typer.Option("--list", help="Name of the list.")]


def _sender() -> str:
    return f"{getpass.getuser()} (command line)"


def _wrong(text: str) -> NoReturn:
    out.print(text, markup=False)
    raise typer.Exit(2)


def _refused(text: str) -> NoReturn:
    out.print(text, markup=False)
    raise typer.Exit(1)


def _list(name: str) -> HashList:
    found = HashList.objects.filter(name=name).first()
    if found is None:
        _wrong(f"There is no list «{name}». See them with: breakwater hashlists list")
    return found


def _recipient(username: str) -> Recipient:
    found = Recipient.objects.filter(username=username).first()
    if found is None:
        _wrong(f"There is no recipient «{username}». See: breakwater hashlists recipient list")
    return found


@app.command("list")
def list_lists() -> None:
    """Show every list with its entries, who vouches for it and who may be told."""
    table = Table("list", "entries", "source", "direction", "handling", "state")
    for x in HashList.objects.order_by("name"):
        state = "retired" if x.retired_at else "in force"
        cells = (x.name, f"{x.entry_count:,}", x.source, x.direction, x.handling, state)
        table.add_row(*map(escape, cells))
    out.print(table)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the list is called here.")],
    source: Annotated[str, typer.Option(help="Who vouches for it: a unit, a clearing house.")],
    legal_basis: Annotated[str, typer.Option(help="By what right it is held.")],
    scheme: Annotated[str, typer.Option(help="What its grades mean.")] = "own",
    direction: Annotated[str, typer.Option(help="raise or lower the priority.")] = "raise",
    handling: Annotated[
        str, typer.Option(help="Who may be told: desk, authorities or providers.")
    ] = "desk",
    conditions: Annotated[str, typer.Option(help="Conditions in the source's words.")] = "",
) -> None:
    """Make an empty list.

    One list is what one source gave under one legal basis and one set of conditions; make
    another list for anything else. Ends with 1 if there is a list of this name.
    """
    known = (("--scheme", scheme, tuple(schemes())), ("--direction", direction, Direction.values),
             ("--handling", handling, Handling.values))  # fmt: skip
    for option, value, values in known:
        if value not in values:
            _wrong(f"{option} {value}: expected one of {', '.join(values)}")
    terms = Terms(name.strip(), source, legal_basis, scheme, direction, handling, conditions)
    try:
        create_list(terms, by=_sender(), at=timezone.now())
    except NotALegalBasis as problem:
        _wrong(f"{problem}.".capitalize())
    except NameTaken:
        _refused(f"There is a list «{name}» already.")
    out.print(f"Made. Fill it with: breakwater hashlists import FILE --list '{escape(name)}'")


@app.command("import")
def import_files(
    paths: Annotated[list[Path], typer.Argument(exists=True, help="Files of hashes.")],
    to: ListName,
    form: Annotated[
        str, typer.Option(help="table (CSV, TSV, JSON, JSON lines), vics, or collection.")
    ] = "table",
    column: Annotated[
        list[str] | None,
        typer.Option(help="NAME=KIND for a column that is guessed wrongly; may be repeated."),
    ] = None,
    now: Annotated[
        bool, typer.Option("--now", help="Work it through here, without waiting for the worker.")
    ] = False,
) -> None:
    """Take files of hashes into a list.

    The same file again changes nothing, and an import that broke off goes on where it stood.
    Columns of a table are guessed; where 64 digits may be SHA-256 or PDQ, say it:
    --column hash=pdq. A collection is a folder or file of python-threatexchange: simple.*.te,
    the output of `threatexchange dataset -P --csv`, or lines such as «pdq f8f8…» in .txt.

    Ends with 1 if lines were set aside (with --now) or a file was not taken, with 2 for wrong
    use; then nothing was taken at all.
    """
    hash_list = _list(to)
    if form not in importing.FORMS:
        _wrong(f"--form {form}: expected one of {', '.join(importing.FORMS)}")
    files = [file for path in paths for file in _files(path, form)]
    mappings = {path: _mapping(path, form, column or []) for path in files}
    if not files:
        _wrong(f"No file ends with {', '.join(SUFFIXES)}.")
    with _bar() as bar:
        well = [_import(path, hash_list, form, mappings[path], now, bar) for path in files]
    if now:
        index.update()
    else:
        out.print("The worker takes them in; see how it went on the page of the list.")
    if not all(well):
        raise typer.Exit(1)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn(),
        console=out,
    )  # fmt: skip


def _files(path: Path, form: str) -> list[Path]:
    if not path.is_dir():
        return [path]
    if form != "collection":
        _wrong(f"{path} is a folder; only --form collection takes one")
    if pickles := sorted(path.glob("*.pickle")):
        out.print(
            f"Not read: {len(pickles)} pickled files, because a pickle runs whatever it holds. "
            "Write them out with: threatexchange dataset -P --csv > collection.csv"
        )
    return sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)


def _mapping(path: Path, form: str, said: list[str]) -> ColumnMapping | None:
    """The guess for a table with what was said of its columns; None for other forms."""
    if form != "table":
        if said:
            _wrong("--column is for tables only")
        return None
    with path.open("rb") as stream:
        seen = preview(stream)
    columns = dict(seen.mapping.columns)
    for one in said:
        name, _, kind = one.rpartition("=")
        if name not in seen.columns:
            _wrong(f"--column {one}: {path.name} has the columns {', '.join(seen.columns)}")
        if kind not in TARGETS:
            _wrong(f"--column {one}: expected one of {', '.join(TARGETS)}")
        columns = {n: k for n, k in columns.items() if k != kind} | {name: kind}
    for fault in seen.faults:
        if fault.advice == "choose_kind" and fault.field not in columns:
            _wrong(
                f"{path.name}: the column «{fault.field}» may be SHA-256 or PDQ. "
                f"Say --column {fault.field}=sha256 or --column {fault.field}=pdq"
            )
    return ColumnMapping(columns, has_header=seen.mapping.has_header)


def _import(
    path: Path, to: HashList, form: str, mapping: ColumnMapping | None, now: bool, bar: Progress
) -> bool:
    """Take one file; say how it went, and whether all of it was taken."""
    task = bar.add_task(escape(path.name), total=path.stat().st_size)
    try:
        with path.open("rb") as stream, transaction.atomic():
            received = Received(path.name, form, mapping)
            change = receive(to, stream, received, by=_sender(), at=timezone.now())
            if now:
                _hold(change)
    except (TooLarge, Empty) as problem:
        out.print(f"[bold]not taken[/] {escape(path.name)}: {problem}")
        return False
    if not now:
        bar.update(task, completed=path.stat().st_size)
        out.print(f"received {escape(path.name)}")
        return True

    def progress(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)
        _hold(change)

    return _apply(change, progress)


def _hold(change: ListChange) -> None:
    ListChange.objects.filter(pk=change.pk).update(next_try_at=timezone.now() + LEASE)


def _apply(change: ListChange, progress: importing.Progress) -> bool:
    try:
        apply_change(change, at=timezone.now(), progress=progress)
    except FormatError as problem:
        ListChange.objects.filter(pk=change.pk).update(
            state=ListChange.State.FAILED, last_error=f"{type(problem).__name__}: {problem}"[:2000]
        )
        out.print(f"[bold]not taken[/] {escape(change.name)}: {escape(str(problem))}")
        return False
    out.print(
        f"{escape(change.name)}: {change.added:,} added, {change.changed:,} changed, "
        f"{change.unchanged:,} unchanged, {change.removed:,} removed, {change.faulty:,} set aside"
    )
    left_out = change.faults.filter(advice="entry_left_out").order_by("pk")
    for fault in left_out[:FAULTS_SHOWN]:
        out.print(f"  line {fault.place}: {fault.problem} {fault.found}", markup=False)
    if left_out.count() > FAULTS_SHOWN:
        out.print(f"  and {left_out.count() - FAULTS_SHOWN:,} more: see the page of the import")
    return not change.faulty


@app.command("export")
def export_list(
    of: ListName,
    form: Annotated[str, typer.Option(help="csv, which loses nothing, or vics.")] = "csv",
    to: Annotated[Path | None, typer.Option("--out", help="File; otherwise it is printed.")] = None,
) -> None:
    """Write all entries of a list that are not withdrawn into a file. It is logged."""
    hash_list = _list(of)
    if form not in EXPORTS:
        _wrong(f"--form {form}: expected one of {', '.join(EXPORTS)}")
    if to is None:
        export(hash_list, form, sys.stdout.buffer, by=_sender(), at=timezone.now())
        return
    try:
        with to.open("wb") as stream:
            export(hash_list, form, stream, by=_sender(), at=timezone.now())
    except OSError as problem:
        _refused(f"{to} cannot be written: {problem.strerror}")
    out.print(f"Written: {to}", markup=False)


@app.command()
def verify() -> None:
    """Check the files of the index, and make damaged ones anew from the database.

    Lookups go on meanwhile. Ends with 1 if something was damaged, also when it is repaired.
    """
    damaged = index.damaged()
    for name in damaged:
        out.print(f"Damaged: {name}", markup=False)
    index.update(verify=True)
    if damaged:
        _refused("Made anew from the database.")
    out.print("The index is whole and up to date.")


@recipient_app.command("add")
def add_recipient(
    name: Annotated[str, typer.Argument(help="Name of the authority or provider.")],
    username: Annotated[str, typer.Option(help="User name that its client sends.")],
    sort: Annotated[str, typer.Option(help="authority or provider.")],
    look_up: Annotated[
        bool, typer.Option("--look-up", help="It may also ask about single hashes.")
    ] = False,
) -> None:
    """Open an account and print its secret, once.

    It may pull nothing until lists are granted: breakwater hashlists recipient grant.
    """
    try:
        made, secret = recipients.create_recipient(
            name, username, sort, by=_sender(), at=timezone.now(), may_look_up=look_up
        )
    except recipients.RecipientExists as problem:
        _refused(f"There is a recipient of this name already: {problem}")
    except ValueError as problem:
        _wrong(str(problem))
    out.print(f"{made.username} opens with this secret, shown only now:")
    print(secret)  # noqa: T201 – on a line of its own and never wrapped


@recipient_app.command("revoke")
def revoke_recipient(
    username: Annotated[str, typer.Argument(help="User name of the account.")],
    only: Annotated[
        str | None, typer.Option("--list", help="Take only this list away; the account stays.")
    ] = None,
) -> None:
    """Close an account at once, or take one list away from it.

    What was pulled before cannot be called back: ask the recipient to delete it.
    """
    account = _recipient(username)
    if only is None:
        recipients.set_active(account, False, by=_sender(), at=timezone.now())
        out.print(f"{username} is closed.", markup=False)
        return
    recipients.withdraw(account, _list(only), by=_sender(), at=timezone.now())
    out.print(f"{username} may no longer pull «{only}».", markup=False)


@recipient_app.command("grant")
def grant_list(
    username: Annotated[str, typer.Argument(help="User name of the account.")],
    lists: Annotated[list[str], typer.Option("--list", help="Name of a list; may be repeated.")],
) -> None:
    """Let an account pull lists, and say at which addresses.

    Ends with 1 if a list's conditions do not allow it.
    """
    account = _recipient(username)
    found = [_list(name) for name in lists]
    for hash_list in found:
        try:
            recipients.grant(account, hash_list, by=_sender(), at=timezone.now())
        except recipients.NotToBeTold:
            _refused(
                f"«{hash_list.name}» is handled as «{hash_list.handling}»: "
                f"recipients of the sort «{account.sort}» may not be told."
            )
        address = f"/hashsharing/lists/{hash_list.pk}"
        out.print(f"«{hash_list.name}» is pulled at https://THIS-DESK{address}", markup=False)
    out.print("All its lists that raise are together at https://THIS-DESK/hashsharing")


@recipient_app.command("list")
def list_recipients() -> None:
    """Show who may pull what."""
    table = Table("user name", "name", "sort", "state", "may look up", "lists")
    for x in Recipient.objects.prefetch_related("may_pull").order_by("username"):
        lists = ", ".join(sorted(one.name for one in x.may_pull.all()))
        state, may = "open" if x.is_active else "closed", "yes" if x.may_look_up else "no"
        table.add_row(*map(escape, (x.username, x.name, x.sort, state, may, lists)))
    out.print(table)


@source_app.command("add")
def add_source(
    address: Annotated[str, typer.Argument(help="Base address, without /v2.")],
    to: ListName,
    username: Annotated[str, typer.Option(help="User name at that server.")],
    password_from: Annotated[
        str, typer.Option(help="Name of the environment variable that holds the password.")
    ],
    every: Annotated[int, typer.Option(min=1, help="Minutes between two pulls.")] = 60,
) -> None:
    """Let the worker fill a list from a hash-sharing server: another desk's or a clearing house's.

    The password does not go into the database: set the variable for the worker. Use one list
    for one server, since it is the server that vouches for it.
    """
    server = Server(address, username, password_from, every)
    try:
        pulling.add_source(_list(to), server, by=_sender(), at=timezone.now())
    except pulling.AlreadyPulled as problem:
        _refused(f"«{problem}» is pulled from a server already; remove that one first.")
    except ValueError as problem:
        _wrong(str(problem))
    out.print("The worker pulls it from now on. At once: breakwater hashlists pull")


@source_app.command("remove")
def remove_source(of: ListName) -> None:
    """Stop pulling a list; what was pulled stays."""
    pulling.remove_source(_source(of), by=_sender(), at=timezone.now())
    out.print(f"«{of}» is no longer pulled.", markup=False)


def _source(name: str) -> Source:
    found = Source.objects.select_related("hash_list").filter(hash_list=_list(name)).first()
    if found is None:
        _wrong(f"«{name}» is not pulled from a server.")
    return found


@source_app.command("list")
def list_sources() -> None:
    """Show every server, how far it was pulled, and what went wrong last."""
    table = Table("list", "server", "complete until", "next", "problem")
    for x in Source.objects.select_related("hash_list").order_by("hash_list__name"):
        times = (_time(x.complete_until), _time(x.next_try_at))
        table.add_row(*map(escape, (x.hash_list.name, x.address, *times, x.last_error)))
    out.print(table)


def _time(when: datetime | None) -> str:
    return f"{timezone.localtime(when):%Y-%m-%d %H:%M}" if when else "–"


@app.command()
def pull(
    only: Annotated[str | None, typer.Option("--list", help="Only this list.")] = None,
) -> None:
    """Pull lists from their servers now, without waiting for the worker.

    It goes on where the worker or an earlier pull stopped. Ends with 1 if a server failed; it
    is tried again by the worker.
    """
    if only is not None:
        sources = [_source(only)]
    else:
        sources = list(Source.objects.filter(is_active=True).select_related("hash_list"))
    if not sources:
        _wrong("No list is pulled from a server. See: breakwater hashlists source add --help")
    well = [_pull(source) for source in sources]
    index.update()
    if not all(well):
        raise typer.Exit(1)


def _pull(source: Source) -> bool:
    name, pages = escape(source.hash_list.name), 0
    with Progress(TextColumn("{task.description}"), TimeElapsedColumn(), console=out) as bar:
        task = bar.add_task(name, total=None)
        while (step := pulling.pull_page(source, at=timezone.now())) is Step.MORE:
            pages += 1
            source.refresh_from_db()
            bar.update(task, description=f"{name}: {pages} pages")
    source.refresh_from_db()
    if step is Step.POSTPONED:
        out.print(f"{name}: {escape(source.last_error)}")
        return False
    out.print(f"{name}: complete until {_time(source.complete_until)}")
    return True
