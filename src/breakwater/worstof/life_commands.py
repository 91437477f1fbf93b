"""`breakwater worstof …`: nominate, assess and look at entries."""

import typer

app = typer.Typer()
