"""`breakwater people …`: the first administrator, and a way back in when nobody can sign in."""

from typing import Annotated

import typer
from django.conf import settings
from django.utils import timezone
from rich.console import Console

from breakwater.custody.command_line import typist
from breakwater.people import actions
from breakwater.people.models import Role, User

app = typer.Typer(help="Make the first administrator, and list people.", no_args_is_help=True)
out = Console(highlight=False)


@app.command("add-administrator")
def add_administrator(
    username: Annotated[str, typer.Argument(help="User name to sign in with.")],
    agency: Annotated[str, typer.Option(help="Name of the agency; made if it is not there.")],
    kind: Annotated[str, typer.Option(help="police or ministry, if the agency is new.")] = "police",
) -> None:
    """Add an administrator and show the first password, once.

    Ends with 1 if the user name is taken or the agency cannot have administrators.
    """
    now, by = timezone.now(), typist()
    place = actions.agency_named(agency)
    try:
        if place is None:
            place = actions.add_agency(agency, kind, settings.DESK_COUNTRY, by=by, at=now)
        person, password = actions.add_person(
            User(username=username), place, Role.ADMINISTRATOR, by=by, at=now
        )
    except actions.NameTaken as problem:
        out.print(f"There is a person named {problem} already.")
        raise typer.Exit(1) from problem
    except actions.RoleDoesNotFit as problem:
        out.print("An agency of this kind has no administrators; use police or ministry.")
        raise typer.Exit(1) from problem
    out.print(f"{person.username} may sign in for 72 hours with this first password: {password}")


@app.command("list")
def list_people() -> None:
    """List everybody with agency, role and whether the account is open."""
    for person in User.objects.select_related("agency").order_by("agency__name", "username"):
        state = "open" if person.is_active else "closed"
        place = person.agency.name if person.agency else "no agency"
        out.print(f"{person.username:24} {person.role:14} {state:7} {place}", markup=False)
