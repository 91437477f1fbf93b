"""What a report names is found once, in one normal form."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.formats.record import (
    Account,
    Capture,
    Email,
    File,
    Moment,
    Person,
    Phone,
    Record,
)
from breakwater.reports.rules import identify
from breakwater.reports.rules.identify import IpGrade

NOON = Moment(text="2026-11-02T12:00:00Z", utc=datetime(2026, 11, 2, 12, tzinfo=UTC))


def report(**fields):
    return Record(format="ispws", provider="Example Chat", **fields)


def found(record):
    return {(s.role, s.kind, s.value) for s in identify.selectors(record)}


def test_an_account_carries_its_service():
    person = Person(role="reported", account=Account(service="Example Chat", identifier="42"))
    assert ("reported", "account", "42@example-chat") in found(report(persons=[person]))


def test_an_account_without_a_service_takes_the_provider():
    person = Person(role="reported", account=Account(identifier="42"))
    assert ("reported", "account", "42@example-chat") in found(report(persons=[person]))


def test_people_keep_the_role_that_the_report_gave_them():
    mail = [Email(value="Kim@Mail.example")]
    people = [Person(role=role, emails=mail) for role in ("reported", "recipient", "victim")]
    assert found(report(persons=people)) == {
        (role, "email", "kim@mail.example") for role in ("reported", "recipient", "victim")
    }


def test_a_phone_number_becomes_e164():
    person = Person(role="reported", phones=[Phone(value="(876) 555-0123", calling_code="1")])
    assert ("reported", "phone", "+18765550123") in found(report(persons=[person]))


def test_files_are_known_by_every_hash_they_have():
    file = File(md5="a" * 32, sha1="b" * 40, sha256="c" * 64)
    kinds = {kind for _, kind, _ in found(report(files=[file]))}
    assert kinds == {"md5", "sha1", "sha256"}


def test_a_capture_is_address_port_and_second():
    capture = Capture(ip="::ffff:192.0.2.7", port=443, at=NOON)
    person = Person(role="reported", captures=[capture])
    assert found(report(persons=[person])) == {
        ("reported", "capture", "192.0.2.7 port 443 2026-11-02T12:00:00Z")
    }


@pytest.mark.parametrize(
    ("capture", "grade"),
    [
        (Capture(ip="not an address"), IpGrade.NONE),
        (Capture(ip="192.0.2.7"), IpGrade.NO_TIME),
        (Capture(ip="192.0.2.7", at=NOON), IpGrade.TIME),
        (Capture(ip="192.0.2.7", at=NOON, port=50000), IpGrade.TIME_PORT),
        (Capture(ip="100.64.1.1", at=NOON), IpGrade.SHARED),
        (Capture(ip="100.64.1.1", at=NOON, port=50000), IpGrade.TIME_PORT),
    ],
)
def test_an_address_is_graded_by_what_an_access_provider_needs(capture, grade):
    assert identify.grade(capture) == grade


def test_carrier_grade_nat_without_a_port_is_worse_than_an_address_without_time():
    assert IpGrade.SHARED < IpGrade.NO_TIME


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_selectors_number_depends_on_kind_and_value_alone(kind, value):
    number = identify.selector_id(kind, value)
    assert number == identify.selector_id(kind, value)
    assert 0 <= number < 2**63


@given(st.text(max_size=200))
def test_normal_forms_are_normal(text):
    assert identify.email_value(identify.email_value(text)) == identify.email_value(text)
    assert identify.ip_value(identify.ip_value(text)) == identify.ip_value(text)


def test_a_searched_text_is_tried_as_everything_it_may_be():
    assert ("email", "kim@mail.example") in identify.normal_forms("Kim@mail.example")
    assert ("md5", "a" * 32) in identify.normal_forms("A" * 32)
    assert ("phone", "+18765550123") in identify.normal_forms("+1 876 555 0123")


@pytest.mark.parametrize(
    ("value", "hosts"),
    [
        (
            "https://a.b.bad.example/x.other.example",
            ("a.b.bad.example", "b.bad.example", "bad.example"),
        ),
        ("http://bad.example:8080?q=1", ("bad.example",)),
        (
            "http://user@b\N{LATIN SMALL LETTER U WITH DIAERESIS}se.example",
            ("xn--bse-hoa.example",),
        ),
        ("http://192.0.2.1/x", ()),
        ("http://localhost/x", ()),
        ("http://", ()),
    ],
)
def test_an_address_names_its_host_and_what_lies_above(value: str, hosts: tuple[str, ...]) -> None:
    found = identify.url_hosts(value)
    assert (found[:1], set(found)) == (hosts[:1], set(hosts))


@given(st.text(max_size=80), st.integers(1, 60))
def test_hosts_of_any_text_are_few_and_each_lies_above_the_first(text: str, many: int) -> None:
    found = identify.url_hosts("http://" + "a." * many + text)
    assert len(found) <= identify.MOST_LABELS
    assert len(set(found)) == len(found)
    assert all(found[0].endswith(f".{host}") for host in found[1:])
