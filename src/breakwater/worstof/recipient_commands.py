"""`breakwater worstof …`: recipients and what each gets."""

import typer

app = typer.Typer()
