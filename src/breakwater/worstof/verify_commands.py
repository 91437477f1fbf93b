"""`breakwater worstof verify`: whoever took a copy of the list checks that it is the desk's."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from breakwater.worstof.rules import copy_manifest

app = typer.Typer()
out = Console(highlight=False, soft_wrap=True)


def _end(text: str, code: int) -> NoReturn:
    out.print(text, markup=False)
    raise typer.Exit(code)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The copy, as it came (unpacked if by gzip).")],
    manifest: Annotated[Path, typer.Option(help="What the copy's /manifest address answered.")],
    key: Annotated[
        str, typer.Option(help="The desk's public key, 64 hexadecimal digits, by another channel.")
    ],
    at_least: Annotated[
        int, typer.Option(min=0, help="Serial of the copy before; an older one is refused.")
    ] = 0,
) -> None:
    """Check a copy of the list outside of the desk. Needs no account and no database.

    Ends with 0 if it is the one that was signed, with 1 if not, with 2 if that cannot be said.
    """
    try:
        pinned = bytes.fromhex(key)
    except ValueError:
        pinned = b""
    if len(pinned) != 32:
        _end("A key is 64 hexadecimal digits; the desk shows it with: breakwater worstof key", 2)
    try:
        said = copy_manifest.read_manifest(manifest.read_text("utf-8"), pinned)
        with file.open("rb") as copy:
            copy_manifest.check_copy(said, copy, at_least=at_least)
    except copy_manifest.NotSigned as problem:
        _end(f"Do not use this copy: {problem}.", 1)
    except (OSError, UnicodeDecodeError, copy_manifest.BadManifest) as problem:
        _end(f"This could not be checked: {problem}.", 2)
    out.print(
        f"Signed by the desk: {said.form} for {said.recipient}, serial {said.serial}, {said.at}, "
        f"{said.count:,} names.",
        markup=False,
    )
