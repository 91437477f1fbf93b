"""`breakwater worstof …`: recipients and what each gets, and whose copy of the list leaked."""

import hashlib
import zipfile
import zlib
from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from breakwater.custody.command_line import typist
from breakwater.formats.domain_name import BadName
from breakwater.worstof import tsig
from breakwater.worstof.actions import recipients
from breakwater.worstof.actions.tracing import trace_leak
from breakwater.worstof.line_texts import reason_line
from breakwater.worstof.models import Recipient
from breakwater.worstof.queries.canaries import MOST_UNPACKED, TooMuch, Trace, opened
from breakwater.worstof.rules.addresses import BadAddress, read_addresses
from breakwater.worstof.wrong_use import wrong

app = typer.Typer()
recipient_app = typer.Typer(
    help="Providers and authorities that get the Worst Of list.", no_args_is_help=True
)
app.add_typer(recipient_app, name="recipient")
out = Console(highlight=False)
Key = Annotated[str, typer.Argument(help="The recipient's key name.")]
Forms = Annotated[
    str, typer.Option("--forms", help=f"Some of {', '.join(recipients.FORMS)}, between commas.")
]
TOLD = "Addresses with port that are told of changes (NOTIFY), between commas."
Notify = Annotated[str, typer.Option(help=TOLD)]
Scope = Annotated[str, typer.Option("--scope", help=" or ".join(Recipient.Scope.values))]


def _recipient(key_name: str) -> Recipient:
    found = Recipient.objects.filter(key_name=key_name).first()
    if found is None:
        wrong(f"No recipient has the key name «{key_name}».")
    return found


def _split(forms: str) -> list[str]:
    return [form for form in forms.replace(",", " ").split() if form]


@recipient_app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The provider's or authority's name.")],
    key: Annotated[str, typer.Option("--key", help="Small letters, digits and hyphens.")],
    forms: Forms = "dns",
    scope: Scope = "national",
    notify: Notify = "",
) -> None:
    """Make a recipient with keys and canaries of its own; its secrets are shown this once."""
    try:
        _made, secrets = recipients.create_recipient(
            name, key, by=typist(), at=timezone.now(), forms=_split(forms), scope=scope,
            notify=read_addresses(notify),
        )  # fmt: skip
    except BadAddress as fault:
        wrong(f"--notify {fault}: expected 192.0.2.1:53 or [2001:db8::1]:53")
    except recipients.RecipientExists:
        wrong("Another recipient has this name or this key name.")
    except tsig.ReservedKeyName:
        wrong("The desk's own keys are called so: take another name than rndc or desk….")
    except recipients.BadCanaryDomains as fault:
        where = fault.domain or f"Line {fault.line}"
        wrong(
            f"canary-domains.txt has to be put right first. {where}: {reason_line(fault.problem)}."
        )
    except tsig.BadKeyName:
        wrong(f"A key name has small letters, digits and hyphens only, at most {tsig.LONGEST}.")
    except ValueError as fault:
        wrong(str(fault))
    _show(secrets)


def _show(secrets: recipients.Secrets) -> None:
    out.print(f"Secret of its downloads: {secrets.http}", markup=False, soft_wrap=True)
    out.print(f"TSIG secret ({tsig.ALGORITHM}): {secrets.tsig}", markup=False, soft_wrap=True)
    out.print("The first is not shown again. Hand them over by a way that nobody else reads.")


@recipient_app.command("list")
def show_all() -> None:
    """Show every recipient, what it gets, and how far it is."""
    table = Table("name", "key name", "forms", "scope", "serial", "state")
    for x in Recipient.objects.order_by("name"):
        state = "closed" if x.closed_at else "open"
        serial = str(x.taken or "–")
        table.add_row(*map(escape, (x.name, x.key_name, " ".join(x.forms), x.scope, serial, state)))
    out.print(table)


@recipient_app.command("grant")
def grant(key_name: Key, forms: Forms, scope: Scope = "national") -> None:
    """Say in which forms a recipient gets the list from now on, and in which scope."""
    found = _recipient(key_name)
    try:
        recipients.grant(found, _split(forms), scope, by=typist(), at=timezone.now())
    except recipients.NoSuchForm as fault:
        wrong(str(fault))
    out.print(f"«{found.name}» gets: {', '.join(found.forms)} ({found.scope}).", markup=False)


@recipient_app.command("addresses")
def addresses(
    key_name: Key,
    notify: Annotated[str | None, typer.Option(help=TOLD)] = None,
    resolvers: Annotated[
        str | None,
        typer.Option(
            help="Addresses with port of its resolvers, which the probe asks; “” for none."
        ),
    ] = None,
    stop_page: Annotated[
        str | None, typer.Option(help="Host to which they lead blocked names; “” for none.")
    ] = None,
) -> None:
    """Say where a recipient's servers are. What is not given stays as it is."""
    found = _recipient(key_name)
    try:
        recipients.set_addresses(
            found, by=typist(), at=timezone.now(),
            notify=found.notify if notify is None else read_addresses(notify),
            resolvers=found.resolvers if resolvers is None else read_addresses(resolvers),
            stop_page=found.stop_page if stop_page is None else stop_page,
        )  # fmt: skip
    except BadAddress as fault:
        wrong(f"{fault}: expected an address with port, such as 192.0.2.1:53 or [2001:db8::1]:53")
    except BadName:
        wrong(f"«{stop_page}» is no name of a host.")
    except recipients.BlockedStopPage as fault:
        wrong(f"The list blocks the stop page's host «{fault}», or a name above it.")
    told = ", ".join(found.notify) or "nobody", ", ".join(found.resolvers) or "none"
    out.print(
        f"«{found.name}»: told of changes: {told[0]}; probed: {told[1]}; stop page: "
        f"{found.stop_page or 'none'}.",
        markup=False,
        soft_wrap=True,
    )


@recipient_app.command("secret")
def secret(key_name: Key) -> None:
    """Give a recipient new secrets; the old ones end at once."""
    try:
        _show(recipients.new_secrets(_recipient(key_name), by=typist(), at=timezone.now()))
    except recipients.Closed as fault:
        wrong(f"«{fault}» is closed.")


@recipient_app.command("close")
def close(
    key_name: Key,
    reopen: Annotated[bool, typer.Option("--undo", help="Open it again.")] = False,
) -> None:
    """End a recipient's transfers and downloads at once."""
    found = _recipient(key_name)
    change = recipients.reopen if reopen else recipients.close
    try:
        change(found, by=typist(), at=timezone.now())
    except recipients.BlockedStopPage as fault:
        wrong(f"The list blocks the stop page's host «{fault}», or a name above it.")
    out.print(f"«{found.name}» is {'open' if reopen else 'closed'}.", markup=False)


@app.command("trace")
def trace(
    file: Annotated[Path, typer.Argument(help="The leaked file, in whatever form.")],
) -> None:
    """Say whose copies of the list a leaked file was made of. Ends with 1 if nobody's was found."""
    try:
        with file.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
            source.seek(0)
            found = trace_leak(opened(source), sha256=digest, by=typist(), at=timezone.now())
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as fault:
        wrong(f"{file} cannot be read: {fault}.")
    except TooMuch:
        wrong(f"{file} holds more than {MOST_UNPACKED // 1024**3} GiB; give it in parts.")
    _tell(found)
    if not found.found:
        raise typer.Exit(1)


def _tell(found: Trace) -> None:
    out.print(f"{found.names} of {found.listed} listed names are in the file.")
    for row in found.found:
        where = " (closed)" if row.recipient.closed_at else ""
        out.print(
            f"«{row.recipient.name}»{where}: {len(row.canaries)} of {row.given} canaries: "
            f"{', '.join(row.canaries)}",
            markup=False,
            soft_wrap=True,
        )
    if not found.found:
        chance = f"{100 * found.none_by_chance:.1f}"
        out.print(
            f"No canary of anybody is in it. By chance a copy of this size has none in {chance} "
            "of 100 cases; otherwise canaries were taken out, or it is no copy of this list."
        )
