"""Denmark, 1 March 2012, through the real door: legitimate names by two partners' files.

8,000 domains, Google's and Facebook's among them, were dropped into the feed, and providers that
pulled it blocked them all (EDRi-gram 10.5).
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from breakwater.people.models import Agency, User
from breakwater.worstof import signing
from breakwater.worstof.actions import importing, sealing
from breakwater.worstof.actions.zone import queue_change
from breakwater.worstof.jobs import publish
from breakwater.worstof.models import (
    BlockList,
    Entry,
    HeldChange,
    PartnerFile,
    PartnerLine,
    Publication,
    ZoneChange,
    ZoneName,
)
from breakwater.worstof.queries import known_names
from breakwater.worstof.rules.incoming import Outcome

pytestmark = pytest.mark.django_db
COLUMNS = (
    "domain,evidence,seen,seen_at,real,under_13,severe,online,seen_online_at,confidence,assessor"
)
BYSTANDERS = [f"bystander-{number}.example" for number in range(150)]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk whose operator wrote no file of large sites."""
    monkeypatch.setattr(sealing, "folder", lambda: tmp_path)
    monkeypatch.setattr(known_names, "folder", lambda: tmp_path)
    monkeypatch.setattr(signing, "key_path", lambda: tmp_path / "signing.key")


def test_legitimate_names_in_the_files_of_two_partners_block_nothing(
    world_list: BlockList,
    supervisor: User,
    client_for: Callable[[User], Client],
) -> None:
    now = datetime.now(UTC)
    sites = [*known_names.largest_sites(), *known_names.well_known()]
    colleague = User.objects.create_user("colleague", role="supervisor", agency=supervisor.agency)
    when = (now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%MZ")
    said = f"Seen,{when},yes,yes,yes,yes,{when},high"
    for by, country in ((supervisor, "AW"), (colleague, "SX")):
        agency = Agency.objects.create(
            name=f"Police of {country}", kind="police", country=country, is_synthetic=True
        )
        names = [*sites, *(f"www.{name}" for name in sites), *BYSTANDERS]
        rows = [f"{name},E-{country},{said},Ann {country}" for name in names]
        file = BytesIO("\n".join((COLUMNS, *rows)).encode())
        file.name = "feed.csv"
        facts = {"agency": agency.pk, "block_list": world_list.pk, "file": file}
        client = client_for(by)
        client.post(reverse("worst-of-import"), facts)
        kept = PartnerFile.objects.latest("pk")
        client.post(reverse("worst-of-file-confirm", args=[kept.pk]))
        while importing.work(timezone.now()):
            pass
    assert set(PartnerFile.objects.values_list("state", flat=True)) == {PartnerFile.State.DONE}
    refused = PartnerLine.objects.exclude(entry__name__in=BYSTANDERS)
    kept_out = {Outcome.REFUSED, Outcome.NO_EVIDENCE, Outcome.SAME_LINE}
    assert set(refused.values_list("outcome", flat=True)) <= kept_out
    assert not Entry.objects.filter(name__in=sites).exclude(state=Entry.State.REFUSED).exists()
    # What no table knows is verified twice over; the brake has it wait for two more people.
    assert Entry.objects.filter(name__in=BYSTANDERS, state="listed").count() == len(BYSTANDERS)
    assert not publish(timezone.now())
    assert HeldChange.objects.get().added == len(BYSTANDERS)
    assert not Publication.objects.exists()
    assert not ZoneName.objects.exists()


def test_names_dropped_behind_the_pages_are_refused_where_they_are_published(
    world_list: BlockList, at: datetime
) -> None:
    sites = [*known_names.largest_sites(), *known_names.well_known()]
    for name in sites:
        entry = Entry.objects.create(
            block_list=world_list, name=name, shown=name, created_at=at, state="listed"
        )
        queue_change(entry, adds=True, at=at)
    assert not publish(at)
    assert not ZoneName.objects.exists()
    refused = ZoneChange.objects.exclude(refused="").values_list("name", flat=True)
    assert set(refused) == set(sites)
