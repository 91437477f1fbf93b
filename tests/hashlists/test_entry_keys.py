"""Different files stay different entries, and what cannot stand beside each other is told."""

import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from breakwater.formats.hash_entry import Fingerprint, HashEntry, SourceId
from breakwater.hashlists.actions.entries import restore
from breakwater.hashlists.models import Entry, HashList, ListChange
from breakwater.hashlists.models import Fingerprint as Row
from breakwater.hashlists.rules.keys import MOST, source_key

Take = Callable[..., ListChange]
BASE = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata"

pytestmark = pytest.mark.django_db(transaction=True)


def md5(n: int) -> str:
    return f"{n:032x}"


def hash_set(*records: dict[str, Any]) -> str:
    return json.dumps({"@odata.context": f"{BASE}#Media", "value": records})


def cases(*found: dict[str, Any]) -> str:
    return json.dumps({"@odata.context": f"{BASE}#Cases", "value": found})


def said(hash_list: HashList) -> list[tuple[str, str]]:
    """MD5 and grade of every entry that is not withdrawn."""
    rows = Entry.objects.filter(hash_list=hash_list, deleted_at=None)
    found = [
        (restore(e, [(f.kind, f.value) for f in e.fingerprints.order_by("kind")]), e) for e in rows
    ]
    return sorted((one.values("md5")[0][-2:], e.grade) for one, e in found if one.fingerprints)


def faults(change: ListChange) -> list[tuple[str, str]]:
    return list(change.faults.order_by("id").values_list("place", "problem"))


def test_two_cases_that_number_from_one_keep_both_files(raising: HashList, take: Take) -> None:
    two = cases(
        {"CaseID": "a", "Media": [{"MediaID": 1, "Category": 1, "MD5": md5(1)}]},
        {"CaseID": "b", "Media": [{"MediaID": 1, "Category": 2, "MD5": md5(2)}]},
    )
    assert take(raising, two, "vics").added == 2
    assert said(raising) == [("01", "1"), ("02", "2")]


def test_two_cases_keep_what_each_says_of_one_file(raising: HashList, take: Take) -> None:
    for case, grade in (("a", 1), ("b", 2)):
        one = {"CaseID": case, "Media": [{"MediaID": 1, "Category": grade, "MD5": md5(1)}]}
        assert take(raising, cases(one), "vics").added == 1
    assert said(raising) == [("01", "1"), ("01", "2")]


def test_a_second_hash_set_that_numbers_from_one_adds_its_files(
    raising: HashList, take: Take
) -> None:
    for n in (1, 2):
        assert take(raising, hash_set({"MediaID": 1, "Category": n, "MD5": md5(n)}), "vics").added
    assert said(raising) == [("01", "1"), ("02", "2")]
    again = take(raising, hash_set({"MediaID": 9, "Category": 3, "MD5": md5(1)}), "vics")
    assert (again.added, again.changed) == (0, 1)
    assert said(raising) == [("01", "3"), ("02", "2")]


def test_records_of_one_file_without_numbers_are_all_kept(raising: HashList, take: Take) -> None:
    text = hash_set(
        *({"Category": n, "MD5": md5(1), "MediaFiles": [{"FileName": str(n)}]} for n in (1, 2, 2)),
        {"MediaID": 7, "MD5": "", "MediaSize": 5},
    )
    change = take(raising, text, "vics")
    assert (change.added, change.faulty) == (4, 0)
    assert said(raising) == [("01", "1"), ("01", "2"), ("01", "2")]
    assert (take(raising, text, "vics").unchanged, Entry.objects.count()) == (4, 4)


def test_two_members_without_numbers_of_entries_keep_their_voices(
    raising: HashList, take: Take
) -> None:
    take(raising, f"md5,member_id,grade\n{md5(1)},m1,A1\n{md5(1)},m2,B2\n")
    found = Entry.objects.order_by("member").values_list("member", "grade")
    assert list(found) == [("m1", "A1"), ("m2", "B2")]


def test_hashes_that_share_only_the_first_kind_are_two_entries(
    raising: HashList, take: Take
) -> None:
    text = f"md5,sha1\n{md5(1)},{1:040x}\n{md5(1)},{2:040x}\n"
    assert take(raising, text).added == 2
    assert take(raising, text).unchanged == 2


def test_every_frame_of_a_hashed_film_keeps_its_pdq(raising: HashList, take: Take) -> None:
    lines = "".join(f"a.gif,{md5(1)},{n},{1 << n:064x}\n" for n in range(3))
    take(raising, f"path,md5,frame,pdq\n{lines}")
    assert {bytes(f.value)[-1] for f in Row.objects.filter(kind=4)} == {1, 2, 4}


def test_long_numbers_and_numbers_with_a_stroke_are_never_taken_for_each_other(
    raising: HashList, take: Take
) -> None:
    long = "i" * 250
    text = (
        f"md5,member_id,id\n{md5(1)},,{long}1\n{md5(2)},,{long}2\n{md5(3)},a,b/c\n{md5(4)},a/b,c\n"
    )
    assert take(raising, text).added == 4
    assert take(raising, text).unchanged == 4


def test_a_line_that_a_later_one_contradicts_is_set_aside_with_its_place(
    raising: HashList, take: Take
) -> None:
    text = f"md5,grade\n{md5(1)},A1\n{md5(2)},A1\n{md5(1)},B2\n{md5(1)},B2\n"
    change = take(raising, text)
    assert (change.added, change.faulty, change.unchanged) == (2, 1, 1)
    assert faults(change) == [("2", "repeated_entry")]
    assert said(raising) == [("01", "B2"), ("02", "A1")]
    assert change.done == 4


entries = st.builds(
    HashEntry,
    st.lists(
        st.builds(Fingerprint, st.sampled_from(["md5", "netclean"]), st.sampled_from(["a", ":md5:a", "b"])),
        min_size=1, max_size=2, unique=True,
    ).map(tuple),
    source_id=st.none() | st.builds(
        SourceId, st.sampled_from(["", "/", "a", "a/b", "m:md5:a", "=", "~x", "i" * 250]), st.sampled_from(["", "a", "a/"])
    ),
    member_name=st.sampled_from(["", "m", "m:md5", "="]),
)  # fmt: skip


@given(entries, entries)
def test_two_entries_have_one_key_only_if_they_are_one(one: HashEntry, other: HashEntry) -> None:
    assert len(source_key(one)) <= MOST
    assert (source_key(one) == source_key(other)) == (_identity(one) == _identity(other))


def _identity(entry: HashEntry) -> tuple[object, ...]:
    source = entry.source_id or SourceId("")
    if source.entry:
        return source.member, source.entry
    return source.member or entry.member_name, frozenset(entry.fingerprints)


def test_what_an_earlier_release_kept_is_found_again(raising: HashList, take: Take) -> None:
    """Keys as they were before: the first hash, or the number alone, cut to 200 characters."""
    long = "i" * 250
    table = f"md5,sha1,id\n{md5(1)},{1:040x},\n{md5(2)},,\n{md5(3)},,{long}\n"
    vics = cases({"CaseID": "a", "Media": [{"MediaID": n, "MD5": md5(n)} for n in (4, 5)]})
    take(raising, table)
    take(raising, vics, "vics")
    for n, key in (
        (1, f":md5:{md5(1)}"), (2, f":md5:{md5(2)}"), (3, long[:200]), (4, "4"), (5, "5"),
    ):  # fmt: skip
        Entry.objects.filter(
            fingerprints__kind=1, fingerprints__value=bytes.fromhex(md5(n))
        ).update(source_key=key)
    before = set(Entry.objects.values_list("pk", flat=True))
    migration = importlib.import_module("breakwater.hashlists.migrations.0011_entry_keys")
    with connection.schema_editor() as editor:
        migration.give_keys(apps, editor)
    assert (take(raising, table).unchanged, take(raising, vics, "vics").unchanged) == (3, 2)
    assert set(Entry.objects.values_list("pk", flat=True)) == before
