"""Two countries' people around one list, and entries on their way."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from breakwater.people.models import Agency, User
from breakwater.worstof import signing
from breakwater.worstof.actions import sealing
from breakwater.worstof.actions.life import Judgement, Sighting, assess, nominate
from breakwater.worstof.actions.lists import international
from breakwater.worstof.models import BlockList, Entry
from breakwater.worstof.queries import known_names

Nominated = Callable[..., Entry]
Judged = Callable[..., Entry]


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the test's own for the operator's files, the publisher's mark and its key."""
    for room in (known_names, sealing):
        monkeypatch.setattr(room, "folder", lambda: tmp_path)
    monkeypatch.setattr(signing, "key_path", lambda: tmp_path / "signing.key")
    return tmp_path


@pytest.fixture
def world_list(db: None) -> BlockList:
    """The international list with its first rule: two authorities of different countries."""
    return international()


@pytest.fixture
def neighbour(db: None) -> User:
    """An officer of a third country's police."""
    abroad = Agency.objects.create(
        name="Police of Otherland", kind="police", country="SX", is_synthetic=True
    )
    return User.objects.create_user("neighbour", role="assessor", agency=abroad)


@pytest.fixture
def nominated(world_list: BlockList, officer: User, at: datetime) -> Nominated:
    """Put a domain forward; by an officer of this desk, if nobody else is named."""

    def put(
        name: str = "bad.example", on: BlockList | None = None, by: User | None = None
    ) -> Entry:
        sighting = Sighting("T-2026-1", "Material on the first page", at - timedelta(days=2))
        return nominate(on or world_list, name, sighting, by=by or officer, at=at)

    return put


@pytest.fixture
def judged(at: datetime) -> Judged:
    """Judge an entry: yes to all, if nothing else is said."""

    def judge(entry: Entry, by: User, later: timedelta = timedelta(), **said: object) -> Entry:
        when = at + later
        facts = {"real": "yes", "under_13": "yes", "severe": "yes", "online": "yes"}
        facts |= {"seen_online_at": when - timedelta(days=1), "confidence": "high"}
        facts |= {"note": "Looked at", **said}  # type: ignore[dict-item]
        assess(entry, Judgement(**facts), by=by, at=when)  # type: ignore[arg-type]
        entry.refresh_from_db()
        return entry

    return judge
