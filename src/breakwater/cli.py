"""`breakwater …`: thin commands over the rooms.

Exit codes: 0 done, 1 refused or failed, 2 wrong use or wrong settings.
"""

import os
import signal
import sys
import threading
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer
from rich.console import Console

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "breakwater.site.settings")

out = Console(highlight=False)
app = typer.Typer(
    help="Breakwater, a desk against online child sexual exploitation. Start with: breakwater demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
# Room -> name of its commands; a room whose folder is gone has none.
ROOMS: dict[str, str | None] = {
    "reports": "reports",
    "hashlists": "hashlists",
    "worstof": "worstof",
    "custody": "audit",
    "people": "people",
    "synth": "synth",
    "figures": "figures",
    "matching": None,  # its commands stand beside the groups
    "matching.bulk": None,
}
Port = Annotated[int, typer.Option(help="Port to listen on; if it is taken, the next free one.")]


@app.command()
def migrate() -> None:
    """Bring the database to this version. Safe to run again."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    out.print("The database is up to date.")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Web processes.")] = 2,
    threads: Annotated[int, typer.Option(min=1, help="Threads in each process.")] = 8,
    with_worker: Annotated[
        bool, typer.Option("--with-worker", help="Also run the worker beside the web server.")
    ] = False,
) -> None:
    """Run the web server until Ctrl-C or SIGTERM."""
    from breakwater.site import serving

    _need_tables()
    if not with_worker:
        serving.serve(host, port, workers=workers, threads=threads)
        return
    web = ["serve", "--host", host, "--port", str(port)]
    web += ["--workers", str(workers), "--threads", str(threads)]
    code = serving.supervise([serving.command(*web), serving.command("worker")])
    raise typer.Exit(code)


@app.command()
def worker() -> None:
    """Run the background work until Ctrl-C or SIGTERM; what has begun is finished first."""
    from breakwater.site import worker as loop

    _need_tables()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    loop.run(stop)


NOT_UP_TO_DATE = "The database is not up to date. Run this first: breakwater migrate"


def _need_tables() -> None:
    """End with a sentence if the database was never brought to this version."""
    if _is_behind():
        out.print(NOT_UP_TO_DATE)
        raise typer.Exit(2)


def _is_behind() -> bool:
    """Whether tables of this version are missing."""
    from django.db import connection, connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    # The web server forks its processes, which must not share this connection.
    connections.close_all()
    return bool(missing)


@app.command()
def demo(
    count: Annotated[int, typer.Option(min=1, help="Synthetic reports to load.")] = 4000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same reports.")] = 2026,
    port: Port = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    start: Annotated[bool, typer.Option(help="Start the desk after loading.")] = True,
) -> None:
    """Load published figures and synthetic reports, and start the desk."""
    from django.conf import settings

    if not settings.DEMO:
        out.print("This would mix synthetic reports with real ones. Set BREAKWATER_DEMO=yes first.")
        raise typer.Exit(2)
    migrate()
    _load_demo(count, seed)
    if start:
        _run_demo(host, port)


def _load_demo(count: int, seed: int) -> None:
    from django.utils import timezone

    from breakwater.reports.models import Report
    from breakwater.synth.hash_lists import load_lists

    if Report.objects.count() >= count:
        out.print("The demo's reports are here already.")
    else:
        _load_reports(count, seed)
    # Also into a demo of an earlier version, which has its reports and no lists.
    if load_lists(seed=seed, at=timezone.now()):
        out.print("Synthetic hash lists are loaded.")


def _load_reports(count: int, seed: int) -> None:
    from django.conf import settings
    from django.utils import timezone
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from breakwater.synth.demo import load_demo
    from breakwater.synth.tables import UnknownCountry

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=out) as bar:
        task = bar.add_task("Synthetic reports", total=count)
        try:
            load_demo(
                country=settings.DESK_COUNTRY,
                count=count,
                seed=seed,
                at=timezone.now(),
                progress=lambda done: bar.update(task, completed=done),
            )
        except UnknownCountry as problem:
            out.print(f"{problem}. Choose another BREAKWATER_COUNTRY for the demo.")
            raise typer.Exit(2) from problem


def _run_demo(host: str, wanted: int) -> None:
    from breakwater.site import serving

    port = serving.free_port(host, wanted)
    if port != wanted:
        out.print(f"Port {wanted} is taken; using {port}.")
    out.print(f"\nThe desk runs at [bold]http://{host}:{port}/[/bold]   (stop it with Ctrl-C)")
    out.print(
        "Sign in as officer, supervisor, assessor, reader, analyst, auditor or administrator;\n"
        "the password of each is: correct horse battery"
    )
    web = ["serve", "--host", host, "--port", str(port)]
    code = serving.supervise([serving.command(*web), serving.command("worker")])
    raise typer.Exit(code)


@app.command("config")
def show_config() -> None:
    """Show the settings in force, without the secrets."""
    from dataclasses import fields

    from breakwater.site.settings import CONFIG

    for field in fields(CONFIG):
        value = getattr(CONFIG, field.name)
        if field.name in ("secret_key", "database_url"):
            value = "(set, not shown)" if value else "(not set)"
        out.print(f"{field.name:16} {value}", markup=False)


@app.command()
def check() -> None:
    """Check settings, tables and database without changing anything."""
    from django.core.management import CommandError, call_command

    from breakwater.reports.rules import deciding, score

    try:
        call_command("check", verbosity=0)
        call_command("migrate", check_unapplied=True, verbosity=0, interactive=False)
    except (CommandError, SystemExit) as problem:
        out.print(f"Not in order: {problem}. If tables are missing, run: breakwater migrate")
        raise typer.Exit(1) from problem
    _check_grades()
    rules = len(score.rules_in_force())
    reasons = len(deciding.archive_reasons())
    out.print(f"In order: {rules} score rules, {reasons} archive reasons, database up to date.")


def _check_grades() -> None:
    """Read the desk's own grading schemes, so that what is wrong in them is told before it serves."""
    if not find_spec("breakwater.hashlists"):
        return
    from breakwater.hashlists import scales
    from breakwater.hashlists.rules.grades import BadGrades

    try:
        scales.known()
    except BadGrades as problem:
        out.print(f"Not in order: {problem}", markup=False)
        raise typer.Exit(1) from problem


def _add_rooms() -> None:
    for room, name in ROOMS.items():
        if find_spec(f"breakwater.{room}.commands"):
            app.add_typer(import_module(f"breakwater.{room}.commands").app, name=name)


def main() -> None:
    """Set Django up and run the command; a wrong setting is a sentence, not a traceback."""
    import django

    from breakwater.site.config import ConfigError

    try:
        django.setup()
    except ConfigError as problem:
        sys.stderr.write(f"breakwater: {problem}\n")
        sys.exit(2)
    _add_rooms()
    _run()


def _run() -> None:
    from django.db import OperationalError, ProgrammingError

    try:
        app()
    except (OperationalError, ProgrammingError):
        # SQLite and PostgreSQL name a missing table or column differently; the migrations know.
        if not _is_behind():
            raise
        sys.stderr.write(f"breakwater: {NOT_UP_TO_DATE}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
