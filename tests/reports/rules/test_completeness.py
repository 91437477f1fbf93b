"""Every report says how complete it is and whom to ask for the rest."""

from breakwater.formats.record import Account, File, Person, Record
from breakwater.reports.rules.completeness import completeness


def test_an_empty_report_misses_everything_and_says_so():
    result = completeness(Record(format="ispws"), country="")
    assert result.percent == 0
    assert ("ip", "provider") in result.missing
    assert ("country", "clearing_house") in result.missing


def test_what_is_there_is_not_asked_for():
    person = Person(role="reported", account=Account(identifier="42"))
    file = File(md5="a" * 32, viewed=False)
    result = completeness(Record(format="ispws", persons=[person], files=[file]), country="JM")
    missing = {key for key, _ in result.missing}
    assert not missing & {"account", "file_hash", "file_viewed", "country"}
    assert result.percent == 40


def test_not_said_whether_viewed_is_missing_but_not_viewed_is_said():
    said = completeness(Record(format="ispws", files=[File(viewed=False)]), country="")
    not_said = completeness(Record(format="ispws", files=[File()]), country="")
    assert "file_viewed" not in dict(said.missing)
    assert "file_viewed" in dict(not_said.missing)
