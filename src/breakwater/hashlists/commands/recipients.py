"""Authorities and providers that may pull lists from this desk."""

from typing import Annotated

import typer
from django.utils import timezone
from rich.markup import escape
from rich.table import Table

from breakwater.custody.command_line import typist
from breakwater.hashlists.actions import recipients
from breakwater.hashlists.commands.terminal import (
    named_list,
    named_recipient,
    out,
    refused,
    wrong,
)
from breakwater.hashlists.models import Recipient


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
            name, username, sort, by=typist(), at=timezone.now(), may_look_up=look_up
        )
    except recipients.RecipientExists as problem:
        refused(f"There is a recipient of this name already: {problem}")
    except ValueError as problem:
        wrong(str(problem))
    out.print(f"{made.username} opens with this secret, shown only now:")
    print(secret)  # noqa: T201 – on a line of its own and never wrapped


def revoke_recipient(
    username: Annotated[str, typer.Argument(help="User name of the account.")],
    only: Annotated[
        str | None, typer.Option("--list", help="Take only this list away; the account stays.")
    ] = None,
) -> None:
    """Close an account at once, or take one list away from it.

    What was pulled before cannot be called back: ask the recipient to delete it.
    """
    account = named_recipient(username)
    if only is None:
        recipients.set_active(account, False, by=typist(), at=timezone.now())
        out.print(f"{username} is closed.", markup=False)
        return
    recipients.withdraw(account, named_list(only), by=typist(), at=timezone.now())
    out.print(f"{username} may no longer pull «{only}».", markup=False)


def grant_list(
    username: Annotated[str, typer.Argument(help="User name of the account.")],
    lists: Annotated[list[str], typer.Option("--list", help="Name of a list; may be repeated.")],
) -> None:
    """Let an account pull lists, and say at which addresses.

    Ends with 1 if a list's conditions do not allow it.
    """
    account = named_recipient(username)
    found = [named_list(name) for name in lists]
    for hash_list in found:
        try:
            recipients.grant(account, hash_list, by=typist(), at=timezone.now())
        except recipients.NotToBeTold:
            refused(
                f"«{hash_list.name}» is handled as «{hash_list.handling}»: "
                f"recipients of the sort «{account.sort}» may not be told."
            )
        address = f"/hashsharing/lists/{hash_list.pk}"
        out.print(f"«{hash_list.name}» is pulled at https://THIS-DESK{address}", markup=False)
    out.print("All its lists that raise are together at https://THIS-DESK/hashsharing")


def list_recipients() -> None:
    """Show who may pull what."""
    table = Table("user name", "name", "sort", "state", "may look up", "lists")
    for x in Recipient.objects.prefetch_related("may_pull").order_by("username"):
        lists = ", ".join(sorted(one.name for one in x.may_pull.all()))
        state, may = "open" if x.is_active else "closed", "yes" if x.may_look_up else "no"
        table.add_row(*map(escape, (x.username, x.name, x.sort, state, may, lists)))
    out.print(table)
