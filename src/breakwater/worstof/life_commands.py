"""`breakwater worstof …`: nominate, look at and remove entries, in the name of a person here."""

from datetime import datetime
from typing import Annotated, NoReturn

import typer
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rich.console import Console

from breakwater.formats.domain_name import BadName, read_name
from breakwater.formats.whole_number import whole_number
from breakwater.people.access import user_may
from breakwater.people.models import User
from breakwater.worstof import entry_texts as texts
from breakwater.worstof.actions import life
from breakwater.worstof.actions.lists import international
from breakwater.worstof.models import BlockList, Entry
from breakwater.worstof.queries import board
from breakwater.worstof.queries.standing import standings
from breakwater.worstof.wrong_use import wrong

app = typer.Typer()
out = Console(highlight=False)
Person = Annotated[str, typer.Option("--as", help="User name of the person who does it.")]


def _refused(refusal: Exception) -> NoReturn:
    out.print(texts.word(texts.REFUSALS, type(refusal).__name__), markup=False)
    raise typer.Exit(1)


def _person(name: str, right: str) -> User:
    found = User.objects.select_related("agency").filter(username=name).first()
    if found is None or not user_may(found, right):
        wrong(f"{name}: expected a user name of somebody who may do this")
    return found


def _moment(text: str) -> datetime:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or found > timezone.now():
        wrong("--seen-at: expected a moment that is over, with its zone: 2026-11-02T12:00Z")
    return found


def _entry(number: str, user: User) -> Entry:
    digits = whole_number(number.upper().removeprefix("W-")) or 0
    found = board.visible(user).filter(pk=digits).first()
    if found is None:
        wrong("expected the number of an entry, for example W-12")
    return found


@app.command()
def nominate(
    name: Annotated[str, typer.Argument(help="Domain or web address.")],
    evidence: Annotated[str, typer.Option(help="Your file number of the evidence.")],
    seen: Annotated[str, typer.Option(help="What was seen, in words.")],
    seen_at: Annotated[str, typer.Option(help="When, as 2026-11-02T12:00Z.")],
    by: Person,
    on: Annotated[str, typer.Option("--list", help="Name of the list.")] = "",
) -> None:
    """Put a domain forward."""
    user = _person(by, "worstof.nominate")
    block_list = BlockList.objects.filter(name=on).first() if on else international()
    if block_list is None:
        wrong("--list: expected the name of a list")
    sighting = life.Sighting(evidence, seen, _moment(seen_at))
    try:
        made = life.nominate(block_list, name, sighting, by=user, at=timezone.now())
    except BadName as problem:
        wrong(texts.word(texts.BAD_NAMES, problem.problem))
    except life.Refusal as refusal:
        _refused(refusal)
    _tell(made)


@app.command("list")
def list_entries(
    by: Person,
    view: Annotated[str, typer.Option(help=", ".join(board.VIEWS))] = "mine",
) -> None:
    """Show the first entries of a view of the board."""
    user = _person(by, "worstof.see")
    if view not in board.VIEWS:
        wrong(f"--view: expected one of {', '.join(board.VIEWS)}")
    for row in board.page(board.Wanted(view), user, at=timezone.now()).rows:
        out.print(f"W-{row.entry.pk}  {row.entry.shown}  {texts.row_line(row)}", markup=False)


@app.command()
def show(number: Annotated[str, typer.Argument(help="Such as W-12.")], by: Person) -> None:
    """Show one entry."""
    _tell(_entry(number, _person(by, "worstof.see")))


@app.command()
def remove(
    number: Annotated[str, typer.Argument(help="Such as W-12.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    by: Person,
) -> None:
    """Take an entry away; a listed one leaves the resolvers."""
    user = _person(by, "worstof.sign")
    entry = _entry(number, user)
    try:
        _tell(life.remove(entry, by=user, reason=reason, at=timezone.now()))
    except life.Refusal as refusal:
        _refused(refusal)


def _tell(entry: Entry) -> None:
    out.print(f"W-{entry.pk}  {read_name(entry.name).shown}  {entry.name}", markup=False)
    out.print(
        f"{entry.block_list.name}: {texts.state_line(entry, standings([entry]).get(entry.pk))}",
        markup=False,
    )
    for key, match in entry.guards:
        out.print(texts.guard_line(key, match), markup=False)
