"""`breakwater hashlists …`: fill lists, share them, pull them, and look after their index."""

import typer

from breakwater.hashlists.commands import importing, lists, pulling, recipients

app = typer.Typer(
    help="Fill, share and pull lists of known hashes. Begin with: breakwater hashlists create",
    no_args_is_help=True,
)
app.command("list")(lists.list_lists)
app.command()(lists.create)
app.command("import")(importing.import_files)
app.command("export")(lists.export_list)
app.command()(lists.verify)
app.command()(pulling.pull)

recipient_app = typer.Typer(
    help="Authorities and providers that may pull lists from this desk.", no_args_is_help=True
)
recipient_app.command("add")(recipients.add_recipient)
recipient_app.command("revoke")(recipients.revoke_recipient)
recipient_app.command("grant")(recipients.grant_list)
recipient_app.command("list")(recipients.list_recipients)
app.add_typer(recipient_app, name="recipient")

source_app = typer.Typer(help="Servers that lists are pulled from.", no_args_is_help=True)
source_app.command("add")(pulling.add_source)
source_app.command("remove")(pulling.remove_source)
source_app.command("list")(pulling.list_sources)
app.add_typer(source_app, name="source")
