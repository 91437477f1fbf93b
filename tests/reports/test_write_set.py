"""From understood reports to bundles: same account, same recipient, same file; nothing lost."""

from datetime import UTC, datetime, timedelta

import pytest

from breakwater.formats.record import Account, Capture, File, Person, Place, Record
from breakwater.reports.actions.incoming import Incoming
from breakwater.reports.actions.write_set import write_set
from breakwater.reports.models import (
    Appearance,
    Bundle,
    BundleChange,
    Delivery,
    Membership,
    Original,
    Report,
    Selector,
    Tally,
)
from breakwater.reports.reading import understand
from breakwater.reports.rules import identify

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def original(number):
    delivery, _ = Delivery.objects.get_or_create(
        name="test", defaults={"door": "police", "sent_by": "test", "received_at": NOW}
    )
    return Original.objects.create(
        delivery=delivery,
        door="police",
        format="le_json",
        sha256=number.encode().ljust(32, b"."),
        size=1,
        content=b"",
        number=number,
        received_at=NOW,
    )


def incoming(number, *, at=NOW, **fields):
    record = Record(format="le_json", number=number, provider="Example Chat", **fields)
    return Incoming(original(number).pk, number, "police", at, understand(record))


def account(identifier, role="reported", **fields):
    return Person(role=role, account=Account(identifier=identifier), **fields)


def bundle_of(number):
    return Bundle.objects.get(memberships__report__number=number)


def test_two_reports_of_one_account_are_one_bundle_and_both_are_kept():
    write_set(
        [incoming("C-1", persons=[account("a")]), incoming("C-2", persons=[account("a")])], at=NOW
    )
    assert bundle_of("C-1") == bundle_of("C-2")
    assert bundle_of("C-1").report_count == 2
    assert Report.objects.count() == 2


def test_it_makes_no_difference_whether_reports_come_in_one_set_or_in_two():
    write_set([incoming("C-1", files=[File(md5="a" * 32)])], at=NOW)
    write_set([incoming("C-2", files=[File(md5="a" * 32)])], at=NOW)
    assert bundle_of("C-1") == bundle_of("C-2")
    assert Membership.objects.get(report__number="C-2").via == "file"


def test_a_selector_is_one_row_however_often_it_appears():
    for n in range(3):
        write_set([incoming(f"C-{n}", persons=[account("a")])], at=NOW)
    selector = Selector.objects.get(kind="account")
    assert selector.value == "a@example-chat"
    assert selector.frequency == 3
    assert Appearance.objects.filter(selector=selector).count() == 3


def test_earlier_reports_of_the_account_are_a_reason():
    write_set([incoming("C-1", persons=[account("a")])], at=NOW)
    write_set([incoming("C-2", persons=[account("a")])], at=NOW)
    assert "prior_reports" not in Report.objects.get(number="C-1").reasons
    assert "prior_reports" in Report.objects.get(number="C-2").reasons


def test_a_bundle_shows_the_facts_of_its_gravest_report():
    write_set([incoming("C-1", persons=[account("a")])], at=NOW)
    write_set([incoming("C-2", persons=[account("a")], escalation="now")], at=NOW)
    write_set([incoming("C-3", persons=[account("a")])], at=NOW)
    bundle = bundle_of("C-1")
    assert bundle.is_urgent
    assert bundle.top_report.number == "C-2"


def test_a_merge_within_one_set_still_leads_later_reports_to_the_bundle():
    one, two = account("a"), account("b")
    write_set(
        [
            incoming("C-1", persons=[one]),
            incoming("C-2", persons=[two]),
            incoming("C-3", persons=[one, two]),
        ],
        at=NOW,
    )
    write_set([incoming("C-4", persons=[account("b")])], at=NOW)
    assert bundle_of("C-4") == bundle_of("C-1")
    held = set(Bundle.objects.values_list("id", flat=True))
    assert set(Selector.objects.values_list("bundle_id", flat=True)) <= held | {None}


def test_the_number_of_reports_does_not_weigh():
    write_set([incoming(f"C-{n}", files=[File(md5="a" * 32)]) for n in range(5)], at=NOW)
    bundle = bundle_of("C-0")
    assert bundle.report_count == 5
    assert bundle.score == max(Report.objects.values_list("score", flat=True))


def test_a_connecting_report_unites_untouched_bundles_and_the_merge_is_on_record():
    write_set([incoming("C-1", persons=[account("a")])], at=NOW)
    write_set([incoming("C-2", files=[File(md5="a" * 32)])], at=NOW)
    write_set([incoming("C-3", persons=[account("a")], files=[File(md5="a" * 32)])], at=NOW)
    assert bundle_of("C-1") == bundle_of("C-2") == bundle_of("C-3")
    assert bundle_of("C-1").report_count == 3
    change = BundleChange.objects.get(verb="merged")
    assert change.by is None
    assert len(change.before["memberships"]) == 1


def test_reports_after_a_merge_follow_it():
    write_set([incoming("C-1", persons=[account("a")])], at=NOW)
    write_set([incoming("C-2", files=[File(md5="a" * 32)])], at=NOW)
    write_set([incoming("C-3", persons=[account("a")], files=[File(md5="a" * 32)])], at=NOW)
    write_set([incoming("C-4", files=[File(md5="a" * 32)])], at=NOW)
    assert bundle_of("C-4") == bundle_of("C-1")


def test_a_new_report_reopens_an_archived_bundle():
    write_set([incoming("C-1", persons=[account("a")])], at=NOW)
    Bundle.objects.update(state=Bundle.State.ARCHIVED, archive_reason="no_data")
    write_set([incoming("C-2", persons=[account("a")])], at=NOW)
    assert bundle_of("C-2").state == Bundle.State.NEW
    assert BundleChange.objects.filter(verb="reopened").exists()


def test_a_viral_batch_is_split_by_country_and_its_accounts_do_not_pull_bundles_together():
    people = [
        account("a", places=[Place(country="JM", source="estimated")]),
        account("b", places=[Place(country="JM", source="estimated")]),
        account("c", places=[Place(country="TT", source="estimated")]),
    ]
    write_set([incoming("C-1", persons=[account("a")])], at=NOW)
    batch = incoming(
        "C-2", persons=people, files=[File(md5="b" * 32)], batch="VIRAL_POTENTIAL_MEME"
    )
    write_set([batch], at=NOW)
    parts = Membership.objects.filter(report__number="C-2").exclude(bundle=bundle_of("C-1"))
    assert sorted(parts.values_list("bundle__country", flat=True)) == ["JM", "TT"]
    assert Membership.objects.filter(report__number="C-2").count() == 2


def test_the_second_batch_of_a_file_joins_the_first_per_country():
    def batch(number):
        people = [account(number, places=[Place(country="JM", source="estimated")])]
        file = File(md5="b" * 32)
        return incoming(number, persons=people, files=[file], batch="VIRAL_POTENTIAL_MEME")

    write_set([batch("C-1")], at=NOW)
    write_set([batch("C-2")], at=NOW)
    assert bundle_of("C-1") == bundle_of("C-2")


def test_counts_are_kept_per_day_country_provider_and_type():
    later = NOW + timedelta(days=1)
    write_set(
        [incoming("C-1", incident_type="csam"), incoming("C-2", incident_type="csam")], at=NOW
    )
    write_set([incoming("C-3", incident_type="csam", at=later)], at=NOW)
    assert list(Tally.objects.order_by("day").values_list("reports", flat=True)) == [2, 1]


def test_two_selectors_with_one_number_are_told_apart(monkeypatch):
    real = identify.selector_id
    monkeypatch.setattr(
        identify,
        "selector_id",
        lambda kind, value, salt=0: (
            real("x", "y", salt) if kind == "account" else real(kind, value, salt)
        ),
    )
    write_set([incoming("C-1", persons=[account("a")])], at=NOW)
    write_set(
        [incoming("C-2", persons=[account("b")]), incoming("C-3", persons=[account("a")])], at=NOW
    )
    assert sorted(Selector.objects.values_list("value", "frequency")) == [
        ("a@example-chat", 2),
        ("b@example-chat", 1),
    ]


def test_the_best_address_grades_the_report():
    capture = Capture(ip="192.0.2.1")
    write_set([incoming("C-1", persons=[account("a", captures=[capture])])], at=NOW)
    assert Report.objects.get().ip_grade == identify.IpGrade.NO_TIME
