"""`breakwater worstof …`: the Worst Of list on the command line."""

import typer

from breakwater.worstof import (
    import_commands,
    life_commands,
    list_commands,
    log_commands,
    primary_commands,
    recipient_commands,
    stop_commands,
    verify_commands,
)

app = typer.Typer(
    help="The Worst Of list: domains that two countries verified, blocked at resolvers.",
    no_args_is_help=True,
)
for part in (
    life_commands,
    import_commands,
    list_commands,
    primary_commands,
    recipient_commands,
    log_commands,
    stop_commands,
    verify_commands,
):
    app.add_typer(part.app)
