"""`breakwater worstof …`: the hidden primary and the resolvers that follow it."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from breakwater.worstof.actions.publishing import folder
from breakwater.worstof.primary.configuration import BadAddress, Place, split
from breakwater.worstof.primary.server import NoBind, free_port
from breakwater.worstof.primary.serving import AlreadyServed, Serving

out = Console(highlight=False)
app = typer.Typer()
ZONE = "wol.invalid"
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
    place = Place(where, address, port, free_port(), zone.strip("."), check_resolver)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    out.print(f"The hidden primary listens on {address} port {port} for zone {place.zone}.")
    if not check_resolver:
        out.print("The live check is off: give --check-resolver ADDR:PORT.")
    try:
        Serving(place).run(stop)
    except AlreadyServed:
        raise _refuse(f"Another one runs on {where}.") from None
    except NoBind as problem:
        raise _refuse(str(problem)) from None
