"""Reports with nearly the same pictures are one matter."""

from datetime import datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater.formats.record import File
from breakwater.matching.pdq import MATCH_DISTANCE, distance
from breakwater.reports import picture_index
from breakwater.reports.actions.pictures import nearly_the_same
from breakwater.reports.actions.write_set import write_set
from breakwater.reports.models import Bundle, BundleChange, Membership, PictureHash, Selector
from breakwater.reports.queries import bundles
from breakwater.reports.rules.bundling import links
from breakwater.reports.texts import via
from tests.reports.test_write_set import NOW, bundle_of, incoming

pytestmark = pytest.mark.django_db


def picture(seed: int) -> int:
    """A value as PDQ makes them: half of its bits are set."""
    return sum(1 << bit for bit in Random(seed).sample(range(256), 128))  # noqa: S311 – values, no keys


def changed(value: int, bits: int, seed: int = 99) -> int:
    return value ^ sum(1 << bit for bit in Random(seed).sample(range(256), bits))  # noqa: S311 – values, no keys


def report(number: str, *values: int):
    files = [
        File(md5=f"{n:02d}{number[2:]:>030}", other_hashes=[("PDQ", f"{value:064x}")])
        for n, value in enumerate(values)
    ]
    return incoming(number, files=files)


@pytest.mark.parametrize("is_one_set", [True, False])
def test_pictures_within_the_distance_of_a_match_bring_reports_together(is_one_set: bool) -> None:
    base = picture(1)
    made = [
        report("C-1", base),
        report("C-2", changed(base, 31)),
        report("C-3", changed(base, 32, 7)),
    ]
    for part in [made] if is_one_set else [[one] for one in made]:
        write_set(part, at=NOW)
    assert bundle_of("C-1") == bundle_of("C-2") != bundle_of("C-3")
    joined = Membership.objects.get(report__number="C-2")
    assert (joined.via, joined.via_distance) == ("near", 31)
    assert joined.via_selector.value == f"pdq:{base:064x}"


def test_an_archived_bundle_is_opened_again_by_nearly_the_same_picture() -> None:
    write_set([report("C-1", picture(1))], at=NOW)
    Bundle.objects.update(state=Bundle.State.ARCHIVED, archive_reason="too_little")
    write_set([report("C-2", changed(picture(1), 9))], at=NOW)
    assert bundle_of("C-1").state == Bundle.State.NEW
    assert BundleChange.objects.get(verb="reopened").bundle == bundle_of("C-2")


def test_a_picture_near_those_of_two_bundles_unites_them_and_says_so() -> None:
    base = picture(1)
    write_set([report("C-1", changed(base, 20)), report("C-2", changed(base, 20, 7))], at=NOW)
    assert bundle_of("C-1") != bundle_of("C-2")
    write_set([report("C-3", base)], at=NOW)
    assert bundle_of("C-1") == bundle_of("C-2") == bundle_of("C-3")
    assert BundleChange.objects.get(verb="merged").note == "C-3"


def test_nearly_flat_pictures_bring_nothing_together() -> None:
    write_set([report("C-1", 0), report("C-2", 1)], at=NOW)
    assert bundle_of("C-1") != bundle_of("C-2")


def test_a_picture_in_too_many_reports_stops_bringing_them_together() -> None:
    cap = links().cap("file", "phash")
    base = picture(1)
    write_set([report(f"C-{n}", base ^ (1 << n)) for n in range(cap)], at=NOW)
    write_set([report("C-99", base)], at=NOW)
    assert bundle_of("C-0").report_count == cap
    assert bundle_of("C-99").report_count == 1


def test_each_value_is_numbered_once_however_often_it_comes() -> None:
    for n in range(3):
        write_set([report(f"C-{n}", picture(1))], at=NOW)
    assert PictureHash.objects.count() == 1
    assert Selector.objects.get(pk=PictureHash.objects.get().selector_id).frequency == 3


def test_an_older_copy_of_the_database_is_not_searched_by_what_came_after_it() -> None:
    write_set([report("C-1", picture(1)), report("C-2", picture(2))], at=NOW)
    picture_index.current().refresh()
    PictureHash.objects.order_by("-id").first().delete()
    picture_index.current().refresh()
    assert len(picture_index.current().index) == 1


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), min_size=1, max_size=12))
def test_every_pair_within_the_distance_is_found_and_no_other(made: list[tuple[int, int]]) -> None:
    values = {
        n: ("phash", f"pdq:{changed(picture(seed), bits):064x}")
        for n, (seed, bits) in enumerate(made)
    }
    near = nearly_the_same(values, {})
    for one, found in near.items():
        assert found[0] == (one, 0)
        expected = {}
        for other, (_, text) in values.items():
            far = distance(bytes.fromhex(values[one][1][4:]), bytes.fromhex(text[4:]))
            if far <= MATCH_DISTANCE:
                expected[other] = far
        assert dict(found) == expected


def test_the_page_says_how_near_the_picture_is(at: datetime) -> None:
    write_set([report("C-1", picture(1)), report("C-2", changed(picture(1), 12))], at=NOW)
    [_, second] = sorted(bundles.memberships(bundle_of("C-1")), key=lambda m: m.report.number)
    assert via(second.via, second.via_distance) == "nearly the same picture, PDQ ±12"
