"""Names accepted as they are kept: much of it is seen and signed for by two people of the desk."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

from breakwater.custody.models import AuditEntry
from breakwater.people.models import User
from breakwater.worstof import signing
from breakwater.worstof.actions import accepting, brake, sealing
from breakwater.worstof.actions.publishing import OtherNames, accept_copy
from breakwater.worstof.models import BlockList, Entry, HeldChange, Publication, ZoneName
from breakwater.worstof.queries import known_names
from breakwater.worstof.rules.zone_digest import bucket_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NAMES = {f"old-{number}.example" for number in range(10)}
SLIPPED = [f"slipped-{number}.example" for number in range(30)]


@pytest.fixture(autouse=True)
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: datetime) -> set[str]:
    """The names that providers have, accepted two days ago."""
    monkeypatch.setattr(sealing, "folder", lambda: tmp_path)
    monkeypatch.setattr(known_names, "folder", lambda: tmp_path)
    monkeypatch.setattr(signing, "key_path", lambda: tmp_path / "signing.key")
    slip_in(*NAMES)
    accept_copy(by="test", reason="filled", at=at - 2 * DAY)
    return set(NAMES)


def slip_in(*names: str) -> None:
    ZoneName.objects.bulk_create(
        ZoneName(name=n, is_national=False, serial=1, bucket=bucket_of(n)) for n in names
    )


def accept(served: set[str] | None, at: datetime) -> HeldChange | None:
    found = accepting.difference(served)
    return accepting.accept(found, by="root (command line)", reason="looked at", at=at)


def test_what_enters_and_leaves_is_counted_against_what_providers_have(served: set[str]) -> None:
    slip_in("new.example", "co.uk")
    ZoneName.objects.filter(name="old-0.example").delete()
    found = accepting.difference(served)
    assert (found.enters, found.leaves, found.listed) == (["new.example"], ["old-0.example"], 10)


def test_a_few_names_are_accepted_by_one_and_once_a_day(served: set[str], at: datetime) -> None:
    slip_in(*SLIPPED[:5])
    assert accept(served, at) is None
    assert Publication.objects.order_by("-serial").first().names == 15
    # Five names a time would add up to any number.
    slip_in(*SLIPPED[5:10])
    assert accept(served | set(SLIPPED[:5]), at + DAY / 2) is not None
    assert Publication.objects.count() == 2


def test_many_names_are_accepted_when_two_people_have_signed_for_these_very_names(
    served: set[str], at: datetime, officer: User, supervisor: User
) -> None:
    slip_in(*SLIPPED)
    held = accept(served, at)
    assert held is not None
    assert (held.added, held.removed, held.listed) == (30, 0, 10)
    assert not brake.release(held, by=officer, reason="I compared them", at=at)
    with pytest.raises(brake.SignedAlready):
        brake.release(held, by=officer, reason="again", at=at)
    assert accept(served, at) == held
    assert Publication.objects.count() == 1
    assert brake.release(held, by=supervisor, reason="so did I", at=at)
    signed = AuditEntry.objects.filter(verb="worstof.change.signed").values_list("actor", flat=True)
    assert len(set(signed)) == 2
    # Somebody slips one more in behind the signatures.
    slip_in("behind.example")
    other = accept(served, at)
    assert other is not None
    assert other != held
    ZoneName.objects.filter(name="behind.example").delete()
    for by in (officer, supervisor):
        brake.release(accept(served, at), by=by, reason="these", at=at)
    assert accept(served, at) is None
    assert Publication.objects.order_by("-serial").first().names == 40
    # The signatures were for once.
    ZoneName.objects.filter(name__in=NAMES).delete()
    accept(served | set(SLIPPED), at + 2 * DAY)
    slip_in(*NAMES)
    assert accept(set(SLIPPED), at + 2 * DAY) is not None


def test_names_that_change_between_look_and_word_are_not_published(
    served: set[str], at: datetime
) -> None:
    found = accepting.difference(served)
    slip_in("behind.example")
    with pytest.raises(OtherNames):
        accepting.accept(found, by="root (command line)", reason="looked at", at=at)
    assert Publication.objects.count() == 1


def test_without_a_primary_to_compare_with_two_people_are_needed(at: datetime) -> None:
    held = accept(None, at)
    assert held is not None
    assert held.added == len(NAMES)


def test_the_page_shows_what_two_people_sign_for_but_no_other_countrys_names(
    served: set[str],
    at: datetime,
    officer: User,
    supervisor: User,
    client_for: Callable[[User], Client],
) -> None:
    theirs = BlockList.objects.create(name="Theirs", country="SX", legal_basis="Act s. 1")
    Entry.objects.create(
        block_list=theirs, name=SLIPPED[0], shown=SLIPPED[0], created_at=at, state="listed"
    )
    slip_in(*SLIPPED)
    held = accept(served, at)
    assert held is not None
    page = client_for(officer).get("/worst-of/held/").content.decode()
    assert "+ slipped-1.example" in page
    assert SLIPPED[0] not in page
    assert "accept-copy" in page
    assert 'value="discard"' not in page
    for by in (officer, supervisor):
        said = {"verb": "release", "reason": "seen", "seen": "0"}
        answer = client_for(by).post(f"/worst-of/held/{held.pk}/", said, follow=True)
        assert answer.status_code == 200
    assert "“accept-copy” can be run now" in answer.content.decode()
    assert accept(served, at) is None
