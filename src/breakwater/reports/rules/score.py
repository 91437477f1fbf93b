"""Weighs a report by the rules of `data/score.toml`, and keeps every reason.

The table decides; this module only compares. Three promises are checked when the table
is read: no rule that lowers may look at an AI-generated flag, no rule that lowers may be
urgent, and no rule may look at anything that is not a fact of the report.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from breakwater.reports.rules import tables
from breakwater.reports.rules.facts import FACTS, Fact

FILE = "score.toml"


@dataclass(frozen=True, slots=True)
class Rule:
    key: str
    points: int
    urgent: bool
    tests: tuple[tuple[str, Callable[[Fact], bool]], ...]
    show: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """`reasons` are (rule key, points, shown facts), urgent first, then heaviest first."""

    points: int
    is_urgent: bool
    reasons: tuple[tuple[str, int, dict[str, Fact]], ...]


def score(facts: dict[str, Fact], rules: tuple[Rule, ...] | None = None) -> Score:
    held = [r for r in (rules or rules_in_force()) if _holds(r, facts)]
    held.sort(key=lambda r: (not r.urgent, -abs(r.points), r.key))
    return Score(
        points=sum(r.points for r in held),
        is_urgent=any(r.urgent for r in held),
        reasons=tuple((r.key, r.points, {f: facts[f] for f in r.show}) for r in held),
    )


def _holds(rule: Rule, facts: dict[str, Fact]) -> bool:
    # A loop, for all() of a generator takes longer than the tests themselves do.
    for fact, test in rule.tests:  # noqa: SIM110
        if not test(facts[fact]):
            return False
    return True


@functools.cache
def rules_in_force() -> tuple[Rule, ...]:
    return read_rules(tables.read(FILE))


def read_rules(table: dict[str, object]) -> tuple[Rule, ...]:
    """Make rules of a table.

    Raises:
        BadTable: a rule is malformed or breaks one of this module's promises.
    """
    entries = table.get("rule")
    if not isinstance(entries, list):
        raise tables.BadTable(FILE, "rule", "a list of [[rule]] tables")
    rules = tuple(_read_rule(entry, number) for number, entry in enumerate(entries, start=1))
    keys = [r.key for r in rules]
    for key in keys:
        if keys.count(key) > 1:
            raise tables.BadTable(FILE, key, "each key once")
    return rules


def _read_rule(entry: dict[str, object], number: int) -> Rule:
    key = tables.require(entry, "key", str, FILE, f"rule {number}")
    points = tables.require(entry, "points", int, FILE, key)
    when = tables.require(entry, "when", dict, FILE, key)
    urgent = entry.get("urgent", False) is True
    shown = entry.get("show", [])
    if not isinstance(shown, list):
        raise tables.BadTable(FILE, f"{key}.show", "a list of facts")
    for fact in [*when, *shown]:
        if fact not in FACTS:
            raise tables.BadTable(FILE, f"{key}.{fact}", f"a fact: {', '.join(FACTS)}")
    if points < 0 and "generative_ai" in when:
        raise tables.BadTable(FILE, key, "no AI-generated flag in a rule that lowers")
    if points < 0 and urgent:
        raise tables.BadTable(FILE, key, "no urgent in a rule that lowers")
    if not when:
        raise tables.BadTable(FILE, f"{key}.when", "at least one condition")
    tests = tuple((fact, _test(expected, key, fact)) for fact, expected in when.items())
    return Rule(key, points, urgent, tests, tuple(shown))


def _test(expected: object, key: str, fact: str) -> Callable[[Fact], bool]:
    if isinstance(expected, dict):
        return _range_test(expected, key, fact)
    if isinstance(expected, list):
        allowed = frozenset(expected)
        return lambda value: value in allowed
    if isinstance(expected, bool | str | int):
        return lambda value: value == expected
    raise tables.BadTable(FILE, f"{key}.{fact}", "a value, a list, or {min, max}")


def _range_test(bounds: dict[str, object], key: str, fact: str) -> Callable[[Fact], bool]:
    if not bounds or set(bounds) - {"min", "max"}:
        raise tables.BadTable(FILE, f"{key}.{fact}", "min and max only")
    lowest, highest = bounds.get("min"), bounds.get("max")
    for bound in (lowest, highest):
        if bound is not None and (not isinstance(bound, int) or isinstance(bound, bool)):
            raise tables.BadTable(FILE, f"{key}.{fact}", "whole numbers as min and max")

    def test(value: Fact) -> bool:
        number = int(value) if not isinstance(value, str) else 0
        return not (
            (isinstance(lowest, int) and number < lowest)
            or (isinstance(highest, int) and number > highest)
        )

    return test
