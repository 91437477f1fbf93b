"""From stored originals to reports: everything accepted is read, told as stuck, or tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from breakwater.formats import filing, record
from breakwater.reports.actions import unpack
from breakwater.reports.actions.accept import Document, accept_originals
from breakwater.reports.actions.rebuild import rebuild
from breakwater.reports.actions.unpack import unpack_all, unpack_waiting
from breakwater.reports.models import (
    Appearance,
    Bundle,
    Delivery,
    Original,
    PersonTally,
    Report,
    Selector,
    Tally,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
REPORT = (
    "<report><incidentSummary><incidentType>Online Enticement of Children for Sexual Acts"
    "</incidentType><incidentDateTime>2026-10-12T14:02:00Z</incidentDateTime></incidentSummary>"
    "<reporter><reportingPerson><email>desk@chat.example</email></reportingPerson></reporter>"
    "<personOrUserReported><espIdentifier>{account}</espIdentifier></personOrUserReported>"
    "<additionalInfo>{note}</additionalInfo></report>"
)


@pytest.fixture
def delivery():
    return Delivery.objects.create(
        door="provider", name="test", sent_by="test", received_at=NOW, state=Delivery.State.RECEIVED
    )


def document(number, account="a", data=None, note=""):
    package = filing.pack(
        [filing.Part("report", REPORT.format(account=account, note=note).encode())]
    )
    return Document(f"{number}.filing", "filing", data or package, number, "Example Chat")


def accept(delivery, *documents):
    return accept_originals(documents, delivery=delivery, at=NOW)


def test_an_accepted_document_becomes_a_report(delivery):
    accept(delivery, document("P-1"))
    assert unpack_waiting(at=NOW) == 1
    report = Report.objects.get(number="P-1")
    assert report.provider.name == "Example Chat"
    assert report.incident_type == "enticement"
    assert Original.objects.get().state == Original.State.READ


def test_originals_are_kept_byte_for_byte(delivery):
    import hashlib
    import zlib

    accept(delivery, document("P-1"))
    original = Original.objects.get()
    assert zlib.decompress(original.content) == document("P-1").data
    assert bytes(original.sha256) == hashlib.sha256(document("P-1").data).digest()


def test_the_same_bytes_twice_are_one_report_and_said_so(delivery):
    first, again = accept(delivery, document("P-1"), document("P-1"))
    assert (first.result, again.result) == ("accepted", "repeat")
    later = accept(delivery, document("P-9"))[0]
    assert later.result == "repeat"
    assert later.number == "P-1"
    unpack_all(at=NOW)
    assert Report.objects.count() == 1


def test_the_same_number_with_other_bytes_is_kept_as_another_version(delivery):
    accept(delivery, document("P-1"))
    result = accept(delivery, document("P-1", account="b"))[0]
    assert result.result == "repeat"
    unpack_all(at=NOW)
    assert Report.objects.count() == 1
    assert sorted(Original.objects.values_list("state", flat=True)) == [
        Original.State.READ,
        Original.State.REPEAT,
    ]


def test_what_cannot_be_read_is_kept_and_says_why(delivery):
    accept(delivery, document("P-1", data=b"no package"), document("P-2"))
    unpack_all(at=NOW)
    stuck = Original.objects.get(state=Original.State.STUCK)
    assert "not a filing package" in stuck.last_error
    assert Report.objects.get().number == "P-2"


def test_an_original_that_trips_a_bug_does_not_hold_up_the_others(delivery, monkeypatch):
    accept(delivery, document("P-1"), document("P-2", account="b"))
    real = unpack.write_set

    def trip(reports, *, at):
        if any(r.number == "P-1" for r in reports):
            raise ZeroDivisionError("a bug")
        real(reports, at=at)

    monkeypatch.setattr(unpack, "write_set", trip)
    unpack_waiting(at=NOW)
    assert Report.objects.get().number == "P-2"
    waiting = Original.objects.get(number="P-1")
    assert waiting.state == Original.State.WAITING
    assert waiting.tries == 1
    assert "a bug" in waiting.last_error
    assert waiting.next_try_at > NOW


def test_it_is_tried_again_after_its_pause_and_not_before(delivery, monkeypatch):
    accept(delivery, document("P-1"))
    Original.objects.update(tries=1, next_try_at=NOW + timedelta(seconds=2))
    assert unpack_waiting(at=NOW) == 0
    assert unpack_waiting(at=NOW + timedelta(seconds=3)) == 1


def test_a_delivery_is_done_when_nothing_of_it_waits(delivery):
    accept(delivery, document("P-1"))
    unpack_all(at=NOW)
    delivery.refresh_from_db()
    assert delivery.state == Delivery.State.DONE


def test_the_clearing_houses_date_of_receipt_counts(delivery):
    parts = [
        filing.Part(
            "report",
            REPORT.format(account="a", note="").encode(),
            {"received_at": "2026-09-01T08:00:00Z"},
        )
    ]
    accept(delivery, document("P-1", data=filing.pack(parts)))
    unpack_all(at=NOW)
    assert Report.objects.get().received_at == datetime(2026, 9, 1, 8, tzinfo=UTC)


def test_a_second_process_reads_the_same(delivery, monkeypatch):
    accept(delivery, *[document(f"P-{n}", account=str(n % 7), note=str(n)) for n in range(40)])
    monkeypatch.setattr(unpack, "WORTH_A_PROCESS", 10)
    monkeypatch.setattr(unpack, "SET", 15)
    assert unpack_all(at=NOW) == 40
    assert Report.objects.count() == 40
    assert Bundle.objects.count() == 7


def derived():
    return (
        list(Report.objects.order_by("id").values_list("number", "score", "reasons", "country", "completeness", "problems")),
        list(Selector.objects.order_by("id").values_list("id", "value", "frequency")),
        list(Appearance.objects.order_by("report", "selector", "role").values_list("report", "selector", "role")),
        list(Bundle.objects.order_by("id").values_list("id", "score", "report_count", "top_report__number")),
        list(Tally.objects.order_by("day").values_list("day", "country", "reports", "files")),
        list(PersonTally.objects.values_list("month", "role", "persons")),
    )  # fmt: skip


def test_rebuilding_gives_what_reading_gave(delivery):
    accept(delivery, *[document(f"P-{n}", account=str(n % 3), note=str(n)) for n in range(9)])
    unpack_all(at=NOW)
    before = derived()
    assert rebuild(by="test", at=NOW) == 9
    assert derived() == before


def test_rebuilding_repairs_what_was_damaged(delivery):
    accept(delivery, *[document(f"P-{n}", account=str(n % 3), note=str(n)) for n in range(9)])
    unpack_all(at=NOW)
    before = derived()
    Report.objects.update(score=1, country="XX", reasons="[]")
    Bundle.objects.update(score=0)
    Tally.objects.all().delete()
    rebuild(by="test", at=NOW)
    assert derived() == before


def test_a_record_survives_its_own_packing():
    made = record.Record(format="ispws", number="1", persons=[record.Person(role="reported")])
    assert record.load(record.dump(made)) == made
