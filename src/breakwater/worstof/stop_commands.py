"""`breakwater worstof stop-page`: the page that blocked visitors see, as files or as a server."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from breakwater.worstof import stop_bundle
from breakwater.worstof.primary.configuration import BadAddress, split
from breakwater.worstof.queries.stop_texts import stop_texts
from breakwater.worstof.rules.stop_texts import BadStopTexts
from breakwater.worstof.wrong_use import wrong

app = typer.Typer()
out = Console(highlight=False, soft_wrap=True)


@app.command("stop-page")
def stop_page(
    appeal: Annotated[str, typer.Option(help="Full address of the desk's /appeal/ page.")],
    output: Annotated[
        Path | None, typer.Option(help="Folder for the files and the web server's configuration.")
    ] = None,
    serve: Annotated[
        str, typer.Option(help="ADDR:PORT to serve it at, to which blocked names are led.")
    ] = "",
) -> None:
    """Write the stop page in four languages, as files for a provider's own web server, or serve it.

    What is served answers every host and every path, and logs nobody.
    """
    try:
        lacks = stop_texts().lacks()
    except BadStopTexts as problem:
        wrong(f"worstof/stop-page.toml: {problem}")
    if not appeal.startswith(("https://", "http://")):
        wrong("The address for appeals begins with https://")
    if bool(output) == bool(serve):
        wrong("Say where the page goes: --output FOLDER, or --serve ADDR:PORT.")
    if lacks:
        out.print(
            f"worstof/stop-page.toml has nothing on: {', '.join(lacks)}. Visitors are not told it."
        )
    if output:
        files = stop_bundle.write_bundle(output, appeal=appeal)
        out.print(f"{len(files)} files in {output}", markup=False)
        return
    from breakwater.worstof import stop_server

    try:
        place = split(serve)
    except BadAddress:
        wrong(f"«{serve}» is no address with a port.")
    out.print(f"The stop page is served at {serve}, for every host and every path.", markup=False)
    stop_server.serve(*place, appeal=appeal)
