"""What all commands of lists share: where they write and how they end."""

from datetime import datetime
from typing import Annotated, NoReturn

import typer
from django.utils import timezone
from rich.console import Console

from breakwater.hashlists.models import HashList, Recipient

out = Console(highlight=False)
ListName = Annotated[str, typer.Option("--list", help="Name of the list.")]


def wrong(text: str) -> NoReturn:
    out.print(text, markup=False)
    raise typer.Exit(2)


def refused(text: str) -> NoReturn:
    out.print(text, markup=False)
    raise typer.Exit(1)


def named_list(name: str) -> HashList:
    found = HashList.objects.filter(name=name).first()
    if found is None:
        wrong(f"There is no list «{name}». See them with: breakwater hashlists list")
    return found


def named_recipient(username: str) -> Recipient:
    found = Recipient.objects.filter(username=username).first()
    if found is None:
        wrong(f"There is no recipient «{username}». See: breakwater hashlists recipient list")
    return found


def local_time(when: datetime | None) -> str:
    return f"{timezone.localtime(when):%Y-%m-%d %H:%M}" if when else "–"
