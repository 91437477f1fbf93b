"""`breakwater worstof …`: compile dirty lines into a list, and write a list in every form."""

import typer

app = typer.Typer()
