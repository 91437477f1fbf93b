"""What a command answers to whoever used it wrongly."""

from typing import NoReturn

import typer
from rich.console import Console

out = Console(highlight=False, soft_wrap=True)


def wrong(text: str) -> NoReturn:
    """Say what was expected and end with 2, as the shell's own commands do."""
    out.print(text, markup=False)
    raise typer.Exit(2)
