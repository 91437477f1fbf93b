"""`breakwater worstof …`: the transparency log and what an outside checker does with it."""

import typer

app = typer.Typer()
