"""`breakwater worstof …`: the hidden primary and the resolvers that follow it."""

import typer

app = typer.Typer()
