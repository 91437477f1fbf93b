"""Django's SQLite, whose folder is made by who first opens the database, and by nobody else."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        folder = Path(conn_params["database"].removeprefix("file:")).parent
        with suppress(OSError):  # SQLite says that it cannot be opened
            folder.mkdir(parents=True, exist_ok=True)
        return super().get_new_connection(conn_params)
