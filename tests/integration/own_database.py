"""A database of a test's own, of the kind that the suite runs on."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


@contextmanager
def own_database() -> Iterator[str]:
    """Gives its address; "" stands for the embedded default, a file in the desk's folder."""
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        yield ""
        return
    name = f"own_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            base, mark, options = url.partition("?")
            yield f"{base.rpartition('/')[0]}/{name}{mark}{options}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
