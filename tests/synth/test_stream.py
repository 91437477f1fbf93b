"""The synthetic stream: the same twice, valid, shaped like the real one, and nobody's."""

import ipaddress
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater import countries
from breakwater.formats import filing, ispws
from breakwater.formats.record import Record
from breakwater.reports.actions.accept import Document
from breakwater.reports.reading import read_original, understand
from breakwater.reports.rules import identify
from breakwater.synth import tables
from breakwater.synth.stream import documents

START, END = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
COUNT = 3000


def stream(count: int, seed: int = 7, country: str = "JM", **more: object) -> list[Document]:
    return list(documents(count, seed=seed, country=country, start=START, end=END, **more))  # type: ignore[arg-type]


@cache
def sample() -> list[tuple[Document, Record]]:
    made = [*stream(COUNT), *stream(500, seed=8, country="")]
    return [(d, read_original(d.format, d.data)) for d in made]


def desk() -> list[tuple[Document, Record]]:
    return sample()[:COUNT]


@given(st.integers(0, 10**9), st.sampled_from(["JM", "CW", "DO", ""]))
@settings(max_examples=10, deadline=None)
def test_the_same_seed_gives_the_same_bytes(seed: int, country: str) -> None:
    assert stream(60, seed, country) == stream(60, seed, country)


def test_another_seed_gives_other_reports_and_other_numbers() -> None:
    first, second = stream(100, seed=1), stream(100, seed=2)
    assert not {d.data for d in first} & {d.data for d in second}
    assert not {d.number for d in first} & {d.number for d in second}


def test_every_number_is_given_once_and_stands_in_the_report() -> None:
    assert len({d.number for d, _ in desk()}) == COUNT
    for document, record in desk():
        if document.format == "le_json":
            assert document.number == f"C-{record.number}"


def test_every_report_is_understood_whole() -> None:
    assert [r.not_understood for _, r in sample() if r.not_understood] == []


def test_every_filing_keeps_every_rule_of_the_reporting_api() -> None:
    for document in stream(600, formats=("filing",)):
        parts = filing.unpack(document.data)
        report = ispws.parse_report(parts[0].body, now=document.received_at)
        details = [p.body for p in parts if p.kind == "file_details"]
        for body in details:
            number, _ = ispws.parse_file_details(body, now=document.received_at)
            assert document.number == f"P-{number}"
        if report.batch:
            ispws.check_batch_files(list(details))


def test_only_the_formats_asked_for_come() -> None:
    assert {d.format for d in stream(50, formats=("filing",))} == {"filing"}
    assert {d.format for d in stream(50, formats=("le_json",))} == {"le_json"}
    assert {d.format for d in stream(50)} == {"filing", "le_json"}


def test_reports_come_in_the_order_of_their_receipt() -> None:
    times = [d.received_at for d, _ in desk()]
    assert times == sorted(times, key=lambda t: t or START)
    assert all(START <= t < END for t in times if t)


def test_nothing_happens_after_its_report_came_in() -> None:
    for document, record in sample():
        moments = [record.incident_at, *(c.at for _, c in identify.captures(record))]
        assert document.received_at
        assert all(m.utc <= document.received_at for m in moments if m and m.utc)


# Nothing may belong to anybody.

RANGES = [
    ipaddress.ip_network(n)
    for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "2001:db8::/32")
]
FICTION = re.compile(r"\+1\d{3}55501\d\d|\+447700900\d{3}|\+3363998\d{4}")


def test_every_address_lies_in_a_reserved_range() -> None:
    found = {ipaddress.ip_address(c.ip) for _, r in sample() for _, c in identify.captures(r)}
    assert len(found) > 500
    outside = [a for a in found if not any(a.version == n.version and a in n for n in RANGES)]
    assert outside == []


def test_every_phone_number_is_reserved_for_fiction_and_given_to_one_person() -> None:
    people = [p for _, r in sample() for p in r.persons if p.phones]
    assert len(people) > 100
    assert all(FICTION.fullmatch(phone.value) for p in people for phone in p.phones)
    holders: dict[str, set[tuple[str, ...]]] = {}
    for _, record in desk():
        for person in record.persons:
            for phone in person.phones:
                mails = tuple(e.value for e in person.emails)
                holders.setdefault(phone.value, set()).add(mails)
    assert all(len(mails) == 1 for mails in holders.values())


def _names_of_hosts(text: str) -> Iterator[str]:
    yield from re.findall(r"@([\w.-]+\.[a-z]+)", text)
    yield from re.findall(r"https?://([\w.-]+)", text)


def test_every_host_name_is_reserved() -> None:
    hosts = {h for d, _ in sample() for h in _names_of_hosts(d.data.decode())}
    assert len(hosts) > 20
    assert [h for h in hosts if not h.endswith(".example")] == []


def test_nothing_else_in_the_bytes_looks_like_an_address() -> None:
    numbers = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
    found = {n for d, _ in sample() for n in numbers.findall(d.data.decode())}
    assert all(any(ipaddress.ip_address(n) in net for net in RANGES[:4]) for n in found)


def test_the_demo_overlay_places_reserved_ranges_alone() -> None:
    for version, first, last, code in countries._overlay("demo"):
        assert code in countries.all_codes()
        inside = [n for n in RANGES if n.version == version]
        assert any(int(n[0]) <= first and last <= int(n[-1]) for n in inside)


def test_the_world_and_the_overlay_agree_on_who_lies_where() -> None:
    for country in tables.countries().values():
        for first, last in (country.home, country.shared, country.ipv6):
            for number in (first, last):
                ip = str(ipaddress.ip_address(number))
                assert countries.of_ip(ip, "demo") == country.code
        assert identify.is_shared(str(ipaddress.ip_address(country.shared[0])), demo=True)
        assert not identify.is_shared(str(ipaddress.ip_address(country.home[0])), demo=True)


def test_the_caribbean_is_whole() -> None:
    codes = "AG AW BS BB BZ BM VG KY CW DM DO GD GP GY HT JM MQ MS KN LC SX VC SR TT TC"
    near = {c.code for c in tables.countries().values() if c.region == "caribbean"}
    assert near == set(codes.split())


def test_a_country_without_networks_is_refused_by_name() -> None:
    with pytest.raises(tables.UnknownCountry, match="ZZ"):
        stream(1, country="ZZ")


# The shape of the real stream.


def test_files_repeat_as_the_real_ones_do() -> None:
    files = [f for _, r in desk() for f in r.files]
    assert len(files) / COUNT == pytest.approx(2.9, abs=0.2)
    assert len({f.md5 for f in files}) / len(files) == pytest.approx(0.48, abs=0.02)
    alike = {value for f in files for kind, value in f.other_hashes if kind == "PDQ"}
    assert len(alike) / len(files) == pytest.approx(0.32, abs=0.02)


def test_a_perceptual_value_is_never_taken_for_a_digest() -> None:
    for document, record in desk():
        for file in record.files:
            assert all(file.sha256 != value for _, value in file.other_hashes)
            assert bool(file.sha256) == (document.format == "filing")


def test_urgent_reports_are_as_rare_as_published() -> None:
    made = stream(20_000, seed=3, formats=("filing",))
    urgent = sum(b"escalateToHighPriority" in d.data for d in made) / len(made)
    assert urgent == pytest.approx(0.0018, abs=0.0009)


@given(st.integers(0, 10**6), st.integers(0, 39))
@settings(max_examples=20, deadline=None)
def test_a_report_that_is_asked_to_be_urgent_is_and_those_before_stay(
    seed: int, place: int
) -> None:
    asked, usual = stream(40, seed, urgent=place), stream(40, seed)
    assert asked[:place] == usual[:place]
    assert read_original(asked[place].format, asked[place].data).escalation


def test_most_reports_belong_to_the_desk_and_some_to_nowhere() -> None:
    found = [understand(r, overlay="demo").country for _, r in desk()]
    assert found.count("JM") / COUNT == pytest.approx(0.8, abs=0.07)
    assert found.count("") / COUNT == pytest.approx(0.08, abs=0.04)


def test_the_whole_world_follows_the_published_table() -> None:
    made = [r.stated_country for d, r in sample()[COUNT:] if d.format == "le_json"]
    assert max(set(made) - {""}, key=made.count) == "IN"


def test_captures_lack_what_real_ones_lack() -> None:
    captures = [c for _, r in desk() for p in r.persons for c in p.captures]
    assert 0.4 < sum(c.port is None for c in captures) / len(captures) < 0.7
    assert 0.02 < sum(c.at is None for c in captures) / len(captures) < 0.15
    assert any(c.proxy for c in captures)
    grades = {identify.grade(c, demo=True) for c in captures}
    assert identify.IpGrade.SHARED in grades
    assert any(not c.at.has_zone for c in captures if c.at)


def test_offenders_come_back_with_several_accounts() -> None:
    by_mail: dict[str, set[tuple[str, str]]] = {}
    for _, record in desk():
        for person in record.persons:
            for email in person.emails:
                if person.account:
                    pair = (person.account.service, person.account.identifier)
                    by_mail.setdefault(email.value, set()).add(pair)
    assert sum(len(accounts) > 1 for accounts in by_mail.values()) > 30


def test_viral_batches_name_many_accounts_and_one_file() -> None:
    batches = [r for _, r in desk() if r.batch]
    assert batches
    assert all(len(r.files) == 1 and len(r.persons) >= 5 for r in batches)
    assert all(r.escalation is None and not r.incidents for r in batches)


def test_a_child_is_never_the_one_reported() -> None:
    for _, record in sample():
        children = {
            p.account.identifier for p in record.persons if p.role == "victim" and p.account
        }
        for person in record.persons:
            if person.role != "victim":
                assert person.age is None or person.age >= 18
                assert person.account is None or person.account.identifier not in children
