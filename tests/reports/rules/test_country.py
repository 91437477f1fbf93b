"""A report's country is the first source's that names one, and the reason is kept."""

from datetime import UTC, datetime

from breakwater.formats.record import Capture, Moment, Person, Phone, Place, Record
from breakwater.reports.rules.country import Belonging, belonging, person_country


def reported(**fields):
    return Record(format="ispws", persons=[Person(role="reported", **fields)])


def test_the_clearing_houses_word_comes_first():
    record = reported(places=[Place(country="TT")])
    record.stated_country = "JM"
    assert belonging(record) == Belonging("JM", "stated")


def test_the_providers_estimate_comes_before_the_address():
    record = reported(
        places=[Place(country="BB", source="address"), Place(country="TT", source="estimated")]
    )
    assert belonging(record) == Belonging("TT", "estimated")


def test_an_anonymous_proxy_is_no_country():
    assert belonging(reported(places=[Place(country="A1")])) == Belonging("", "")


def test_a_phone_code_tells_the_island():
    assert belonging(reported(phones=[Phone(value="+18765550123")])) == Belonging("JM", "phone")
    assert belonging(reported(phones=[Phone(value="+18685550123")])) == Belonging("TT", "phone")


def test_a_proxys_address_does_not_tell_where_the_person_is(tmp_path):
    overlay = tmp_path / "overlay.toml"
    overlay.write_text('[networks]\n"192.0.2.0/24" = "JM"\n"198.51.100.0/24" = "TT"\n')
    record = reported(captures=[Capture(ip="192.0.2.1", proxy=True), Capture(ip="198.51.100.1")])
    assert belonging(record, overlay=str(overlay)) == Belonging("TT", "ip")


def test_the_latest_address_with_a_time_decides(tmp_path):
    overlay = tmp_path / "overlay.toml"
    overlay.write_text('[networks]\n"192.0.2.0/24" = "JM"\n"198.51.100.0/24" = "TT"\n')
    at = Moment(text="x", utc=datetime(2026, 1, 1, tzinfo=UTC))
    record = reported(captures=[Capture(ip="192.0.2.1"), Capture(ip="198.51.100.1", at=at)])
    assert belonging(record, overlay=str(overlay)).country == "TT"


def test_the_child_is_asked_when_nobody_else_is_known():
    child = Person(role="victim", places=[Place(country="GD")])
    assert belonging(Record(format="ispws", persons=[child])).country == "GD"


def test_an_account_of_a_batch_without_any_place_belongs_nowhere():
    assert person_country(Person(role="reported")) == ""
