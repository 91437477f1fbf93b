"""`breakwater worstof …`: the hidden primary and the resolvers that follow it."""

import re
import signal
import threading
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated

import dns.tsig
import typer
from django.utils import timezone
from rich.console import Console

from breakwater.custody.command_line import typist
from breakwater.formats.domain_name import ZONE_ROOM, BadName, read_name
from breakwater.worstof import signing, tsig
from breakwater.worstof.actions import accepting, living, probing, publishing, recipients
from breakwater.worstof.actions.sealing import NoMark, folder
from breakwater.worstof.models import Recipient
from breakwater.worstof.primary.configuration import BadAddress, Place, split
from breakwater.worstof.primary.copy import Copy
from breakwater.worstof.primary.following import CannotHear, Following, NotTaken, Source, take
from breakwater.worstof.primary.server import BadConfiguration, NoBind, free_port
from breakwater.worstof.primary.serving import AlreadyServed, Serving
from breakwater.worstof.primary.snippets import SNIPPETS, Wish
from breakwater.worstof.primary.two_files import AlreadyKept, CannotLock
from breakwater.worstof.primary.views import PrimaryFailed
from breakwater.worstof.queries import known_names
from breakwater.worstof.queries.zone import ZONE

out = Console(highlight=False)
app = typer.Typer()
_ZONE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
_PUBLIC_KEY = re.compile(r"[0-9A-Fa-f]{64}")
_FOLDER = re.compile(r"/[A-Za-z0-9._/-]*")
GRACE = 3  # seconds for what is under way when the server shall end
Zone = Annotated[str, typer.Option(help="Name of the zone; short, because names go before it.")]


def _refuse(sentence: str, code: int = 1) -> typer.Exit:
    out.print(sentence, markup=False)
    return typer.Exit(code)


@app.command()
def serve(
    primary: Annotated[
        Path | None, typer.Option("--folder", help="Where BIND keeps its files.")
    ] = None,
    address: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 5300,
    zone: Zone = ZONE,
    check_resolver: Annotated[
        str, typer.Option(help="ADDR:PORT that tries every change first; without, no live check.")
    ] = "",
) -> None:
    """Publish decisions within a second, and run the hidden primary that providers transfer from.

    It starts a BIND of its own, as you, and writes its configuration. Stop it with Ctrl-C.
    """
    try:
        if check_resolver:
            split(check_resolver)
    except BadAddress:
        raise _refuse(f"«{check_resolver}» is no address with a port.", 2) from None
    where = (primary or folder() / "primary").resolve()
    place = Place(
        where, *_address(f"[{address}]:{port}"), free_port(), _zone_in(zone), check_resolver
    )
    stop = _stopped_by_signals()
    out.print(f"Starting the hidden primary on {address} port {port} for zone {place.zone}.")
    if not check_resolver:
        out.print("The live check is off: give --check-resolver ADDR:PORT.")
    elif not known_names.never_block().names:
        path = known_names.folder() / known_names.NEVER_BLOCK
        out.print(
            f"The live check asks for well-known names only: write your country's into {path}."
        )
    try:
        Serving(place).run(stop)
    except AlreadyServed:
        raise _refuse(f"Another one runs on {where}.") from None
    except (NoBind, BadConfiguration, PrimaryFailed) as problem:
        raise _refuse(str(problem)) from None


def _zone_in(text: str) -> str:
    zone = text.strip(".")
    if not _ZONE.fullmatch(zone) or len(zone) > ZONE_ROOM:
        raise _refuse(
            f"«{text}» is no name for the zone, which has small letters, digits, hyphens and dots, "
            f"{ZONE_ROOM} at most: every listed name goes before it.", 2,
        )  # fmt: skip
    return zone


def _stopped_by_signals() -> threading.Event:
    """Set when we shall end. `GRACE` seconds later whatever loop runs is interrupted."""
    stop = threading.Event()

    def end(*_: object) -> None:
        if not stop.is_set():
            stop.set()
            signal.alarm(GRACE)

    def interrupt(*_: object) -> None:
        raise SystemExit(0)

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, end)
    signal.signal(signal.SIGALRM, interrupt)
    return stop


@app.command()
def snippet(
    recipient: Annotated[str, typer.Argument(help="Name of the recipient, or of its key.")],
    resolver: Annotated[str, typer.Option(help=f"One of {', '.join(SNIPPETS)}.")],
    stop_host: Annotated[str, typer.Option(help="Host of the provider's own stop page.")],
    primary: Annotated[
        str, typer.Option(help="ADDR:PORT of the primary, as the provider reaches it.")
    ],
    stop_v4: Annotated[str, typer.Option(help="Its IPv4 address; Knot needs it.")] = "",
    stop_v6: Annotated[str, typer.Option(help="Its IPv6 address, for Knot, if it has one.")] = "",
    folder: Annotated[
        str, typer.Option(help="Folder at the provider; without, one that Debian lets it write to.")
    ] = "",
    zone: Zone = ZONE,
) -> None:
    """Print what a provider's engineer pastes. It holds the provider's key: hand it over sealed."""
    named = Recipient.objects.filter(closed_at=None)
    found = named.filter(name=recipient).first() or named.filter(key_name=recipient).first()
    if found is None:
        raise _refuse(f"No open recipient is called «{recipient}».")
    if resolver not in SNIPPETS:
        raise _refuse(f"«{resolver}»: expected one of {', '.join(SNIPPETS)}.", 2)
    if resolver == "knot" and not stop_v4:
        raise _refuse(
            "Knot Resolver answers with the stop page's addresses, not with its name: give --stop-v4, "
            "and --stop-v6 if it has one.", 2,
        )  # fmt: skip
    place, stop = _address(primary), _stop_page(stop_host, stop_v4, stop_v6)
    zone = _zone_in(zone)
    if folder and not _FOLDER.fullmatch(folder):
        raise _refuse(f"«{folder}» cannot stand in a configuration.", 2)
    _keep_stop_page(found, stop[0])
    try:
        secret = recipients.tell_secret(found, by=typist(), at=timezone.now())
    except tsig.BadKeyName:
        raise _refuse(f"«{found.key_name}» is no key name that the primary serves.") from None
    public = signing.public_key().hex()
    wish = Wish(zone, place, found.key_name, secret, *stop, folder, public_key=public)
    typer.echo(SNIPPETS[resolver](wish))


def _keep_stop_page(recipient: Recipient, host: str) -> None:
    """What is printed leads visitors there: the probe looks for it, and nobody may list it."""
    try:
        recipients.keep_stop_page(recipient, host, by=typist(), at=timezone.now())
    except recipients.OtherStopPage as other:
        raise _refuse(
            f"The stop page of «{recipient.name}» is «{other}», and not «{host}». Change it first: "
            f"breakwater worstof recipient addresses {recipient.key_name} --stop-page {host}", 2,
        ) from None  # fmt: skip
    except recipients.BlockedStopPage:
        raise _refuse(
            f"The list blocks the stop page's host «{host}», or a name above it."
        ) from None


def _stop_page(host: str, v4: str, v6: str) -> tuple[str, str, str]:
    """The same checks as on the recipient's page: what is printed becomes a configuration."""
    try:
        name = read_name(host).name
    except BadName:
        raise _refuse(f"«{host}» is no name of a host.", 2) from None
    try:
        four, six = v4 and IPv4Address(v4), v6 and IPv6Address(v6)
    except AddressValueError as problem:
        raise _refuse(f"«{v4}», «{v6}»: {problem}.", 2) from None
    if six and six.scope_id:
        raise _refuse(f"«{v6}»: an address with a scope cannot be everybody's.", 2)
    return name, str(four), str(six)


@app.command()
def follow(
    primary: Annotated[str, typer.Argument(help="ADDR:PORT of the desk's primary.")],
    key_file: Annotated[Path, typer.Option(help="File with the key's secret; KEY-NAME.key.")],
    write: Annotated[Path, typer.Option(help="RPZ file to keep up to date.")],
    recent: Annotated[
        Path | None,
        typer.Option(help="Second, small RPZ file for names that came lately; Knot reads both."),
    ] = None,
    zone: Zone = ZONE,
    public_key: Annotated[str, typer.Option(help="The desk's public key, hexadecimal.")] = "",
    listen: Annotated[str, typer.Option(help="ADDR:PORT to hear NOTIFY on.")] = "",
    poll: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 10.0,
    run: Annotated[str, typer.Option(help="Command to run after a write.")] = "",
    once: Annotated[bool, typer.Option("--once", help="Take it once, and end.")] = False,
) -> None:
    """Keep a provider's copy of the zone as a file, for resolvers that cannot transfer with a key.

    An older serial, a wrong signature or a broken transfer change nothing. Needs no database.
    """
    address, port = _address(primary)
    key, public = _key_in(key_file), _public_key(public_key)
    source = Source(address, port, _zone_in(zone), key, public)
    heard = _address(listen) if listen else None
    following = Following(source, write, recent=recent, listen=heard, poll=poll, run=run)
    try:
        with following.files.alone():
            if once:
                raise typer.Exit(0 if following.turn() else 1)
            following.run(threading.Event())
    except AlreadyKept:
        raise _refuse(f"Another `worstof follow` keeps «{write}»: end it first.") from None
    except CannotHear as problem:
        raise _refuse(f"Nothing can be heard on {listen}: {problem}.") from None
    except CannotLock as problem:
        raise _refuse(str(problem), 2) from None


def _key_in(path: Path) -> dns.tsig.Key:
    """Whatever is in the file is not told: it may be another secret."""
    try:
        return tsig.given_key(path.stem, path.read_bytes())
    except OSError as problem:
        raise _refuse(
            f"«{path}» cannot be read: {problem.strerror}. Write the TSIG secret, one line, into a "
            "file that is called after the key, KEY-NAME.key, and name it with --key-file.", 2,
        ) from None  # fmt: skip
    except tsig.BadSecret:
        raise _refuse(
            f"«{path}» holds no TSIG secret, which is one line of 44 letters, or is not called after "
            "its key, KEY-NAME.key. Copy the secret again as the desk handed it over.", 2,
        ) from None  # fmt: skip


def _public_key(text: str) -> bytes:
    """Empty if none was given: then signatures are not checked."""
    if text and not _PUBLIC_KEY.fullmatch(text):
        raise _refuse(
            "What --public-key names is no public key, which has 64 hexadecimal digits. Copy it "
            "from the command that the desk prints for Knot Resolver, or ask the desk for it.", 2,
        )  # fmt: skip
    return bytes.fromhex(text)


def _address(text: str) -> tuple[str, int]:
    try:
        return split(text)
    except BadAddress:
        raise _refuse(f"«{text}» is no address with a port.", 2) from None


@app.command()
def probe() -> None:
    """Ask every recipient's resolvers now whether they block, and keep the counts."""
    for recipient in Recipient.objects.filter(closed_at=None).order_by("name"):
        if not recipient.resolvers:
            out.print(f"{recipient.name}: none of its resolvers was entered", markup=False)
            continue
        for row in probing.probe(recipient, at=timezone.now()):
            told = f"{row.blocked} of {row.asked} names, {row.canaries_blocked} of "
            told += f"{row.canaries_asked} canaries blocked; {row.unclear} cannot be told"
            out.print(f"{recipient.name} {row.resolver}: {told} {row.problem}", markup=False)


@app.command("accept-copy")
def accept_copy(
    reason: Annotated[str, typer.Option(help="Why its names are right.")],
    primary: Annotated[str, typer.Option(help="ADDR:PORT of the primary.")] = "127.0.0.1:5300",
    zone: Zone = ZONE,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Publish again after the database was restored from an older copy, or repaired.

    Shows what providers would get and lose; decisions made after the copy are not in it. What is
    more than the brake lets go waits for two people on the page of held changes; then run it again.
    """
    served = _served(Place(Path(), *_address(primary), 0, _zone_in(zone)))
    found = accepting.difference(served)
    _tell_difference(found)
    if not yes:
        typer.confirm("Publish these names?", abort=True)
    try:
        held = accepting.accept(
            found, by=typist(), reason=reason, at=timezone.now(), steady=living.read
        )
    except (NoMark, publishing.OtherNames) as problem:
        raise _refuse(str(problem) or "The names changed meanwhile. Look again.") from None
    if held:
        raise _refuse(
            f"Nothing is published: two people of the desk have to sign change {held.pk} on the page "
            "of held changes. Then run this again.", 3,
        )  # fmt: skip
    out.print("The list is published as this database has it, with a serial above all others.")


def _served(place: Place) -> set[str] | None:
    """The names that the primary serves now; None if nobody's copy of all of them can be had."""
    rows = Recipient.objects.filter(closed_at=None, scope=Recipient.Scope.NATIONAL)
    for row in rows.order_by("pk"):
        try:
            key = tsig.key(row.key_name, tsig.secret_of(row.key_name))
            copy = take(Source(place.address, place.port, place.zone, key), Copy())
        except (NotTaken, tsig.BadKeyName):
            continue
        if copy.serial:
            return set(copy.every()) - set(row.canaries)
    return None


def _tell_difference(found: accepting.Difference) -> None:
    if not found.is_compared:
        out.print("The primary gives no copy to compare with: every name counts as new.")
    enter, leave = len(found.enters), len(found.leaves)
    told = f"Names that providers have: {found.listed}; that enter: {enter}; that leave: {leave}."
    out.print(told)
    for sign, names in (("+", found.enters), ("-", found.leaves)):
        for name in names[: accepting.SHOWN]:
            out.print(f"{sign} {name}", markup=False)
        if len(names) > accepting.SHOWN:
            out.print(f"{sign} … {len(names) - accepting.SHOWN} more")
