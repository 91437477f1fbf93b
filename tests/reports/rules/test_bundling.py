"""Which reports are one matter."""

from hypothesis import given
from hypothesis import strategies as st

from breakwater.reports.rules.bundling import Bundler, Group, Known, batch_selector, links

ACCOUNT, RECIPIENT, FILE = ("reported", "account"), ("recipient", "account"), ("file", "md5")


def bundler(reports, known=None, groups=None):
    seen = {sid: Known() for report in reports for sid, _, _ in report}
    return Bundler({**seen, **(known or {})}, groups or {}, list(range(100, 100 + len(reports))))


def place_all(reports, **before):
    one = bundler(reports, **before)
    joined = []
    for index, report in enumerate(reports):
        joined.append(one.place(index, report, linking=True))
        one.count(report)
    return one, [(one.current(j.bundle), j.via) for j in joined]


def test_the_same_account_is_one_bundle():
    _, places = place_all([[(1, *ACCOUNT)], [(1, *ACCOUNT)]])
    assert places == [(100, "first"), (100, "account")]


def test_the_same_recipient_is_one_bundle():
    _, places = place_all([[(1, *RECIPIENT)], [(1, *RECIPIENT)]])
    assert places[1] == (100, "recipient")


def test_the_same_file_is_one_bundle():
    _, places = place_all([[(1, *FILE)], [(1, *FILE)]])
    assert places[1] == (100, "file")


def test_a_childs_account_does_not_pull_reports_together():
    _, places = place_all([[(1, "victim", "account")], [(1, "victim", "account")]])
    assert places[0][0] != places[1][0]


def test_the_strongest_link_is_named():
    _, places = place_all([[(1, *ACCOUNT), (2, *FILE)], [(2, *FILE), (1, *ACCOUNT)]])
    assert places[1] == (100, "account")


def test_a_report_that_connects_two_untouched_bundles_unites_them():
    one, places = place_all([[(1, *ACCOUNT)], [(2, *FILE)], [(1, *ACCOUNT), (2, *FILE)]])
    assert {bundle for bundle, _ in places} == {100}
    assert one.merged == {101: (100, 2)}


def test_a_bundle_that_a_person_has_touched_is_never_merged_by_software():
    groups = {7: Group(7, 3, is_free=False), 8: Group(8, 1, is_free=True)}
    known = {1: Known(3, 7), 2: Known(1, 8)}
    one, places = place_all([[(1, *ACCOUNT), (2, *FILE)]], known=known, groups=groups)
    assert places == [(7, "account")]
    assert not one.merged


def test_a_selector_above_its_cap_stops_linking():
    cap = links().cap("file", "md5")
    known = {1: Known(cap, 7)}
    _, places = place_all([[(1, *FILE)]], known=known, groups={7: Group(7, 5, is_free=True)})
    assert places == [(100, "first")]


def test_a_full_bundle_takes_no_more():
    groups = {7: Group(7, links().size_cap, is_free=True)}
    _, places = place_all([[(1, *ACCOUNT)]], known={1: Known(2, 7)}, groups=groups)
    assert places == [(100, "first")]


def test_parts_of_a_batch_link_by_file_and_country_alone():
    reports = [[(1, "file", "batch"), (2, *FILE)], [(2, *FILE)], [(1, "file", "batch")]]
    one = bundler(reports)
    first = one.place(0, reports[0], linking=False)
    other = one.place(1, reports[1], linking=True)
    again = one.place(2, reports[2], linking=False)
    assert first.bundle != other.bundle
    assert again.bundle == first.bundle


def test_a_batch_is_split_by_country():
    assert batch_selector("a" * 32, "JM") != batch_selector("a" * 32, "TT")


sightings = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from(["reported", "recipient"]), st.just("account")),
    max_size=4,
)


@given(st.lists(sightings, min_size=1, max_size=20))
def test_reports_that_share_an_account_end_in_one_bundle(reports):
    _, places = place_all(reports)
    home = {}
    for report, (bundle, _) in zip(reports, places, strict=True):
        for sid, _, _ in report:
            assert home.setdefault(sid, bundle) == bundle


PICTURE = ("file", "phash")


def place_near(reports, near):
    one = bundler(reports)
    one.near = near
    joined = []
    for index, report in enumerate(reports):
        joined.append(one.place(index, report, linking=True))
        one.count(report)
    return joined


def test_nearly_the_same_picture_is_one_bundle_and_says_how_near():
    near = {1: [(1, 0), (2, 7)], 2: [(2, 0), (1, 7)]}
    first, second = place_near([[(1, *PICTURE)], [(2, *PICTURE)]], near)
    assert second.bundle == first.bundle
    assert (second.via, second.selector, second.distance) == ("near", 1, 7)


def test_a_picture_joins_by_the_nearest_of_several():
    near = {1: [(1, 0)], 2: [(2, 0)], 3: [(3, 0), (2, 4), (1, 30)]}
    *_, third = place_near([[(1, *PICTURE)], [(2, *PICTURE)], [(3, *PICTURE)]], near)
    assert (third.selector, third.distance) == (2, 4)


def test_the_same_file_is_a_stronger_reason_than_a_picture_nearly_the_same():
    near = {1: [(1, 0)], 2: [(2, 0), (1, 3)]}
    reports = [[(1, *PICTURE), (9, *FILE)], [(2, *PICTURE), (9, *FILE)]]
    assert place_near(reports, near)[1].via == "file"


def test_versions_of_a_widely_shared_picture_count_together_and_stop_linking():
    cap = links().cap("file", "phash")
    versions = range(1, cap + 2)
    everyone = sorted((n, 5) for n in versions)
    near = {n: [(n, 0), *(pair for pair in everyone if pair[0] != n)] for n in versions}
    *linked, last = place_near([[(n, *PICTURE)] for n in versions], near)
    assert len({j.bundle for j in linked}) == 1
    assert last.via == "first"


def test_a_perceptual_hash_that_cannot_be_compared_links_nothing():
    first, second = place_near([[(1, *PICTURE)], [(1, *PICTURE)]], {})
    assert first.bundle != second.bundle
