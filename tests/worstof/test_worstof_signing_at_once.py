"""Somebody signs a held change in the moment in which the publisher adds names to it."""

import threading
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection, transaction

from benchmarks import listed
from breakwater.people.models import User
from breakwater.worstof.actions import brake
from breakwater.worstof.actions.lists import international
from breakwater.worstof.actions.publishing import publish_waiting
from breakwater.worstof.models import HeldChange, ZoneName
from tests.worstof.test_worstof_appeal_desk import wait_for_a_waiting_lock

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer anyway"),
]


@pytest.mark.parametrize("refused", [[], ["github.io"]])
def test_a_signature_covers_what_was_seen_though_the_publisher_runs_at_once(
    marks: Path, officer: User, supervisor: User, at: datetime, refused: list[str]
) -> None:
    """With a name that is refused, the publisher writes to the log before it holds the others."""
    seen = [f"n{n}.example" for n in range(6)]
    listed.decide(international(), seen, at=at)
    publish_waiting(at)
    held, failed = HeldChange.objects.get(), []
    listed.decide(international(), [*refused, *(f"m{n}.example" for n in range(6))], at=at)

    def publish() -> None:
        try:
            publish_waiting(at)
        except Exception as problem:  # noqa: BLE001 – told to the test
            failed.append(problem)
        finally:
            connection.close()

    publisher = threading.Thread(target=publish)
    with transaction.atomic():
        HeldChange.objects.select_for_update().get(pk=held.pk)
        publisher.start()
        wait_for_a_waiting_lock()
        brake.release(held, by=officer, reason="seen", at=at, seen=6)
    publisher.join(30)
    assert not failed
    brake.release(held, by=supervisor, reason="seen", at=at, seen=6)
    publish_waiting(at)
    assert set(ZoneName.objects.values_list("name", flat=True)) == set(seen)
    assert HeldChange.objects.get(state=HeldChange.State.WAITING).added == 6
