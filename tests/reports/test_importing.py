"""Importing: each report once, whatever happens on the way, and a result for every file."""

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from breakwater.custody.models import AuditEntry
from breakwater.reports.actions import importing
from breakwater.reports.actions.importing import counts, import_path, import_upload
from breakwater.reports.actions.unpack import unpack_waiting
from breakwater.reports.models import Delivery, Original, Report

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 2, 12, tzinfo=UTC)


def report(number: int, extra: str = "") -> bytes:
    return (
        f'{{"reportId": {number}, "reportedInformation": {{"reportingEsp": '
        f'{{"espName": "Shoalchat"}}, "additionalInformations": ["{extra}"]}}}}'
    ).encode()


def upload(*files: tuple[str, bytes]) -> Delivery:
    opened = [(name, io.BytesIO(data)) for name, data in files]
    (delivery,) = import_upload(opened, sent_by="sam", at=AT)
    delivery.refresh_from_db()
    return delivery


def test_a_folder_becomes_reports_with_a_result_for_every_file(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.json").write_bytes(report(number + 1))
    (tmp_path / "photo.jpg").write_bytes(b"x")
    (tmp_path / "bad.json").write_bytes(b"[")
    (delivery,) = import_path(tmp_path, sent_by="sam", at=AT)
    assert counts(delivery.results) == {"accepted": 3, "repeat": 0, "refused": 1, "hashed": 1}
    assert delivery.state == Delivery.State.RECEIVED
    unpack_waiting(at=AT)
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.DONE
    assert set(Report.objects.values_list("number", flat=True)) == {"C-1", "C-2", "C-3"}


def test_importing_the_same_again_doubles_nothing() -> None:
    upload(("a.json", report(1)))
    again = upload(("b.json", report(1)))
    assert counts(again.results)["repeat"] == 1
    assert "C-1" in again.results[0]["reason"]
    assert again.state == Delivery.State.DONE
    unpack_waiting(at=AT)
    assert Report.objects.count() == 1


def test_the_same_number_with_other_bytes_is_kept_and_said_to_be_a_repeat() -> None:
    delivery = upload(("a.json", report(1)), ("b.json", report(1, "more")))
    assert [line["result"] for line in delivery.results] == ["accepted", "repeat"]
    assert Original.objects.count() == 2
    unpack_waiting(at=AT)
    assert Report.objects.count() == 1


def test_what_a_killed_import_left_is_completed_by_running_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        (tmp_path / f"{number}.json").write_bytes(report(number + 1))
    monkeypatch.setattr(importing, "PIECE", 4)
    accept = importing.accept_originals
    calls = []

    def dies_at_the_second(*args, **kwargs):  # type: ignore[no-untyped-def]
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return accept(*args, **kwargs)

    monkeypatch.setattr(importing, "accept_originals", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        import_path(tmp_path, sent_by="sam", at=AT)
    left = Delivery.objects.get()
    assert left.state == Delivery.State.RECEIVING
    assert counts(left.results)["accepted"] == Original.objects.count() == 4
    (delivery,) = import_path(tmp_path, sent_by="sam", at=AT)
    assert counts(delivery.results) == {"accepted": 6, "repeat": 4, "refused": 0, "hashed": 0}
    assert Original.objects.count() == 10
    left.refresh_from_db()
    assert left.state == Delivery.State.RECEIVED
    assert left.results[-1]["code"] == "interrupted"


def test_a_delivery_leaves_one_audit_entry() -> None:
    delivery = upload(("a.json", report(1)), ("b.json", b"no"))
    (entry,) = AuditEntry.objects.filter(verb="reports.delivery.received")
    assert (entry.actor, entry.target) == ("sam", f"delivery {delivery.pk}")
    assert '"refused":1' in entry.detail


def test_a_large_import_becomes_several_deliveries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PIECE", 2)
    monkeypatch.setattr(importing, "MAX_RESULTS", 4)
    for number in range(10):
        (tmp_path / f"{number}.json").write_bytes(report(number + 1))
    deliveries = import_path(tmp_path, sent_by="sam", at=AT)
    assert [len(d.results) for d in deliveries] == [4, 4, 2]
    assert deliveries[1].name == f"{tmp_path.name} (2)"


def test_an_empty_folder_says_that_nothing_is_in_it(tmp_path: Path) -> None:
    (delivery,) = import_path(tmp_path, sent_by="sam", at=AT)
    assert delivery.results[0]["code"] == "empty"
    assert delivery.state == Delivery.State.DONE


def test_progress_is_told_as_members_are_done(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.json").write_bytes(report(number + 1))
    told: list[tuple[int, int]] = []
    import_path(tmp_path, sent_by="sam", at=AT, progress=lambda *now: told.append(now))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_an_uploaded_archive_is_read_from_memory_and_media_is_not_stored() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("1/r.json", report(1))
        made.writestr("1/a.jpg", b"not an image")
    delivery = upload(("d.zip", out.getvalue()))
    assert counts(delivery.results) == {"accepted": 1, "repeat": 0, "refused": 0, "hashed": 1}
    assert Original.objects.count() == 1


def test_hostile_names_can_be_stored() -> None:
    delivery = upload(("\ud800\0x.json", report(1)), ("y" * 1000 + ".json", b"{"))
    assert counts(delivery.results)["accepted"] == 1
