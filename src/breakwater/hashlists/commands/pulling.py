"""Servers that lists are pulled from, and a pull at once."""

from typing import Annotated

import typer
from django.utils import timezone
from rich.markup import escape
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from breakwater.custody.command_line import typist
from breakwater.hashlists import index
from breakwater.hashlists.actions import pulling
from breakwater.hashlists.actions.pulling import Server, Step
from breakwater.hashlists.commands.terminal import (
    ListName,
    local_time,
    named_list,
    out,
    refused,
    wrong,
)
from breakwater.hashlists.models import Source


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
        pulling.add_source(named_list(to), server, by=typist(), at=timezone.now())
    except pulling.AlreadyPulled as problem:
        refused(f"«{problem}» is pulled from a server already; remove that one first.")
    except ValueError as problem:
        wrong(str(problem))
    out.print("The worker pulls it from now on. At once: breakwater hashlists pull")


def remove_source(of: ListName) -> None:
    """Stop pulling a list; what was pulled stays."""
    pulling.remove_source(_source(of), by=typist(), at=timezone.now())
    out.print(f"«{of}» is no longer pulled.", markup=False)


def _source(name: str) -> Source:
    found = Source.objects.select_related("hash_list").filter(hash_list=named_list(name)).first()
    if found is None:
        wrong(f"«{name}» is not pulled from a server.")
    return found


def list_sources() -> None:
    """Show every server, how far it was pulled, and what went wrong last."""
    table = Table("list", "server", "complete until", "next", "problem")
    for x in Source.objects.select_related("hash_list").order_by("hash_list__name"):
        times = (local_time(x.complete_until), local_time(x.next_try_at))
        table.add_row(*map(escape, (x.hash_list.name, x.address, *times, x.last_error)))
    out.print(table)


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
        wrong("No list is pulled from a server. See: breakwater hashlists source add --help")
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
    out.print(f"{name}: complete until {local_time(source.complete_until)}")
    return True
