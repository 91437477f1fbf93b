"""A visitor gets the stop page in four languages also while nobody can read the database."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

# A process of its own: what breaks here is the database of a whole desk. The cookies are those of
# somebody signed in, whose session cannot be looked up either.
VISIT = """
import json, django
django.setup()
from django.test import Client
client = Client(headers={"Host": "localhost"})
client.cookies["sessionid"] = "a" * 32
pages = {}
for language in ("en", "es", "fr", "nl"):
    answer = client.get("/stop/", {"language": language})
    pages[language] = (answer.status_code, answer.content.decode())
print(json.dumps(pages))
"""
SAID = (
    "This page is blocked",
    "Why it is blocked",
    "By what law",
    "The authorities that keep the list do so under a law, an agreement or an order. This page "
    "cannot name it at the moment; look again later, or ask your internet provider.",
    "Appeal against the block",
    "If you want to report or need help",
)
REFUSED = "postgres://nobody@127.0.0.1:1/desk"  # nobody listens on port 1


def visited(folder: Path, **more: str) -> dict[str, tuple[int, str]]:
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    environment |= {"BREAKWATER_DATA_DIR": str(folder), **more}
    environment["DJANGO_SETTINGS_MODULE"] = "breakwater.site.settings"
    command = [sys.executable, "-c", VISIT]
    run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return dict(json.loads(run.stdout))


def garbage(folder: Path) -> None:
    (folder / "desk.sqlite3").write_bytes(os.urandom(8192))


def lost(folder: Path) -> None:
    """What comes up in its place is an empty file."""


def unreadable(folder: Path) -> None:
    (folder / "desk.sqlite3").mkdir()


def torn(folder: Path) -> None:
    """Everything after the first page is gone, as after a disk that was full or failed."""
    file = folder / "desk.sqlite3"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE worstof_blocklist (legal_basis, country)")
        database.executemany("INSERT INTO worstof_blocklist VALUES (?, '')", [("x" * 900,)] * 90)
    database.close()
    os.truncate(file, 4096)


def test_every_way_to_lose_the_database_leaves_the_visitor_the_page(tmp_path: Path) -> None:
    for number, breaking in enumerate((garbage, lost, unreadable, torn)):
        folder = tmp_path / str(number)
        folder.mkdir()
        breaking(folder)
        tells_all(visited(folder))


def test_a_database_server_that_is_not_there_leaves_the_visitor_the_page(tmp_path: Path) -> None:
    tells_all(visited(tmp_path, DATABASE_URL=REFUSED))


def test_without_a_database_the_operators_own_words_are_still_said(tmp_path: Path) -> None:
    (tmp_path / "worstof").mkdir()
    (tmp_path / "worstof" / "stop-page.toml").write_text(
        "law.en = 'Synthetic Act, section 1'\n"
        "[[contacts]]\nkind = 'appeal'\ntext.en = 'Write to us'\naddress = 'mailto:us@desk.example'\n"
    )
    for status, text in visited(tmp_path, DATABASE_URL=REFUSED).values():
        assert status == 200
        assert "Synthetic Act, section 1" in text
        assert "mailto:us@desk.example" in text


def tells_all(pages: dict[str, tuple[int, str]]) -> None:
    assert set(pages) == {code for code, _ in settings.LANGUAGES}
    for language, (status, text) in pages.items():
        assert status == 200
        with translation.override(language):
            for said in SAID:
                assert gettext(said) in text, (language, said)
        assert 'href="/appeal/"' in text
