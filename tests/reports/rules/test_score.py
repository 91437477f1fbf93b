"""The score decides who is looked at first, so its promises are tested one by one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.formats.record import FILE_ANNOTATIONS, File, Moment, Person, Record
from breakwater.reports.rules import tables
from breakwater.reports.rules.facts import Surroundings, facts, own_facts
from breakwater.reports.rules.score import read_rules, rules_in_force, score

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def around(**changes):
    usual = {
        "received_at": NOW,
        "prior_reports": 0,
        "new_files": 0,
        "known_viral": False,
        "ip_grade": 0,
        "completeness": 50,
    }
    return Surroundings(**{**usual, **changes})


def weigh(record, **changes):
    when = record.incident_at.utc if record.incident_at else None
    return score(facts(own_facts(record), when, around(**changes)))


def keys(result):
    return [key for key, _, _ in result.reasons]


def test_a_provider_escalation_is_urgent():
    result = weigh(Record(format="ispws", escalation="a child is in danger"))
    assert result.is_urgent
    assert keys(result)[0] == "escalated"


def test_an_empty_escalation_is_still_an_escalation():
    assert weigh(Record(format="ispws", escalation="")).is_urgent


def test_priority_one_of_the_clearing_house_is_urgent():
    assert weigh(Record(format="le_json", priority="1")).is_urgent
    assert not weigh(Record(format="le_json", priority="2")).is_urgent


def test_a_known_viral_file_lowers():
    file = File(md5="a" * 32, annotations=["viral"])
    assert "known_viral" in keys(weigh(Record(format="ispws", files=[file])))
    assert weigh(Record(format="ispws", files=[file])).points < 0


def test_a_report_without_files_is_not_viral():
    assert "known_viral" not in keys(weigh(Record(format="ispws")))


def test_recency_counts_from_the_incident_to_the_receipt():
    record = Record(
        format="ispws", incident_at=Moment(text="x", utc=datetime(2026, 10, 30, tzinfo=UTC))
    )
    assert ("recent", 15, {"days_old": 3}) in weigh(record).reasons


def test_an_unknown_incident_time_is_not_recent():
    assert "recent" not in keys(weigh(Record(format="ispws")))


def test_a_viral_batch_of_many_accounts_weighs_like_one_of_few():
    def batch(accounts):
        people = [Person(role="reported") for _ in range(accounts)]
        return Record(format="ispws", batch="VIRAL_POTENTIAL_MEME", persons=people)

    assert weigh(batch(2)) == weigh(batch(2000))


@given(
    st.lists(st.sampled_from(FILE_ANNOTATIONS), unique=True),
    st.sampled_from(["", "A1", "B2"]),
    st.sampled_from(["", "1", "E"]),
    st.booleans(),
)
def test_an_ai_generated_flag_never_lowers(annotations, grade, priority, viral):
    def record(marks):
        files = [File(md5="a" * 32, annotations=marks, classification=grade)]
        return Record(format="ispws", files=files, priority=priority)

    without = weigh(record([a for a in annotations if a != "generative_ai"]), known_viral=viral)
    flagged = weigh(record([*annotations, "generative_ai"]), known_viral=viral)
    assert flagged.points >= without.points
    assert flagged.is_urgent >= without.is_urgent


def test_the_table_holds_about_25_rules_with_keys_of_their_own():
    assert 25 <= len(rules_in_force()) <= 35


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({"points": 1, "when": {"viewed": True}}, "rule 1.key"),
        ({"key": "x", "points": "1", "when": {"viewed": True}}, "x.points"),
        ({"key": "x", "points": 1, "when": {}}, "at least one condition"),
        ({"key": "x", "points": 1, "when": {"moon": True}}, "x.moon"),
        ({"key": "x", "points": -1, "when": {"generative_ai": True}}, "AI-generated"),
        ({"key": "x", "points": -1, "urgent": True, "when": {"spam": True}}, "no urgent"),
        ({"key": "x", "points": 1, "when": {"children": {"least": 1}}}, "min and max"),
        ({"key": "x", "points": 1, "when": {"report_count": {"min": 2}}}, "x.report_count"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_key(rule, complaint):
    with pytest.raises(tables.BadTable, match=complaint):
        read_rules({"rule": [rule]})


def test_reasons_put_the_urgent_one_first_and_then_the_heaviest():
    record = Record(
        format="ispws", escalation="x", annotations=["sextortion"], incident_type="enticement"
    )
    assert keys(weigh(record))[:3] == ["escalated", "sextortion", "enticement"]
