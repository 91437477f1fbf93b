"""A data folder of the test's own, two lists that contradict each other, and files taken into them."""

import io
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone

from breakwater.hashlists import index, jobs
from breakwater.hashlists.actions import importing, receiving
from breakwater.hashlists.actions.lists import Terms, create_list
from breakwater.hashlists.actions.receiving import Received, receive
from breakwater.hashlists.models import HashList, ListChange

Fill = Callable[[HashList, str], ListChange]
Take = Callable[..., ListChange]


def lose(data_dir: Path, pattern: str) -> None:
    """Remove files of the index as somebody does who clears a folder up, and begin anew."""
    for path in list(data_dir.glob(pattern)):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    index._index_of.cache_clear()


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(index, "folder", lambda: tmp_path)
    monkeypatch.setattr(index, "FRESH_FOR", 0.0)
    monkeypatch.setattr(receiving, "folder", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def take(data_dir: Path) -> Take:
    """Import a file of any form into a list, without the index and the archive."""

    def take(
        hash_list: HashList, text: str | bytes, form: str = "table", name: str = "list.csv"
    ) -> ListChange:
        now = timezone.now()
        data = text.encode() if isinstance(text, str) else text
        change = receive(hash_list, io.BytesIO(data), Received(name, form), by="officer", at=now)
        importing.work(now)
        change.refresh_from_db()
        return change

    return take


@pytest.fixture
def fill(data_dir: Path) -> Fill:
    """Import a table into a list, as the worker does it."""

    def take(hash_list: HashList, text: str) -> ListChange:
        now = timezone.now()
        received = Received("list.csv", "table")
        change = receive(hash_list, io.BytesIO(text.encode()), received, by="officer", at=now)
        for _, job in jobs.JOBS:
            job(now)
        change.refresh_from_db()
        return change

    return take


@pytest.fixture
def raising(db: None, at: datetime) -> HashList:
    terms = Terms(
        "Unit X", "Unit X of Testland", "Act s. 1", scheme="industry", handling="authorities"
    )
    return create_list(terms, by="test", at=at)


@pytest.fixture
def lowering(db: None, at: datetime) -> HashList:
    terms = Terms("Viral", "Helpline", "Agreement 4", direction="lower", handling="providers")
    return create_list(terms, by="test", at=at)
