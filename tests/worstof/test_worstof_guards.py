"""Nothing that a block would hurt others by gets onto a list unseen, and good names do."""

import io
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import publicsuffixlist
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.formats.block_list import compile_lines
from breakwater.formats.domain_name import BadName, read_name
from breakwater.worstof.queries import known_names
from breakwater.worstof.rules.guards import (
    GROUPS,
    BadGuards,
    Guard,
    Known,
    guards_for,
    is_mixed,
    read_named,
    read_sources,
    refusals,
)

TOP = [f"site-{n}.example" for n in range(8_000)]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    folder = tmp_path_factory.mktemp("worstof")
    (folder / "top-sites.txt").write_text("".join(f"{n},{x}\n" for n, x in enumerate(TOP, 1)))
    (folder / "never-block.txt").write_text("# ours\npolice.example\nwww.court.test\ngov.uk\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(known_names, "folder", lambda: folder)
        return known_names.known()


def refused(name: str, known: Known) -> bool:
    return any(guard.refuses for guard in guards_for(name, known))


def test_every_public_suffix_and_what_stands_above_one_is_refused(known: Known) -> None:
    text = Path(publicsuffixlist.PSLFILE).read_text("utf-8")
    assert "===BEGIN PRIVATE DOMAINS===" in text
    rules = [x for x in known.suffixes.rules if "." in x] + [
        f"x.{w}" for w in known.suffixes.wildcards
    ]
    rules = [x for x in rules if x not in known.suffixes.exceptions]
    assert len(rules) > 8_000
    assert [name for name in rules if not refused(name, known)] == []
    assert [name for name in known.suffixes.above if not refused(name, known)] == []


def test_suffixes_are_the_ones_that_the_librarys_own_reading_gives(known: Known) -> None:
    peer = publicsuffixlist.PublicSuffixList()
    names = [
        f"{x}{rule}"
        for rule in sorted(known.suffixes.rules)[::9]
        if "." in rule
        for x in ("", "a.", "b.a.")
    ]
    assert [x for x in names if known.suffixes.is_suffix(x) != peer.is_public(x)] == []


def test_denmark_2012_thousands_of_top_sites_in_the_feed_are_all_refused(known: Known) -> None:
    feed = "\n".join(TOP) + "\n" + "\n".join(f"0.0.0.0 www.{x}" for x in TOP)
    found = compile_lines(io.BytesIO(feed.encode()), refusals(known))
    assert (found.names, found.problems) == ([], {"top_site": 16_000})
    assert all(refused(name, known) for name in TOP)


def test_the_largest_sites_are_refused_also_without_a_file_of_the_operators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_names, "folder", lambda: tmp_path)
    text = (resources.files("breakwater.worstof") / "data" / "guards.toml").read_text("utf-8")
    largest = tomllib.loads(text)["top_site"]["names"]
    assert len(largest) > 100
    assert {"google.com", "facebook.com", "wikipedia.org"} <= largest.keys()
    assert [x for x in largest if read_name(x).name != x] == []
    without = known_names.known()
    assert [x for x in largest if not refused(x, without) or not refused(f"www.{x}", without)] == []
    # A rank that the operator's file gives them does not make them less known.
    names = [*(f"site-{n}.example" for n in range(10_001)), "facebook.com"]
    (tmp_path / "top-sites.txt").write_text("\n".join(names))
    assert refused("facebook.com", known_names.known())


def test_a_quoted_table_whose_last_column_is_a_number_guards_its_sites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_names, "folder", lambda: tmp_path)
    (tmp_path / "top-sites.txt").write_text('"rank","domain","hits"\n"1","big-site.example","99"\n')
    assert refused("big-site.example", known_names.known())
    found = known_names.top_sites()
    assert (found.names, found.bad) == (("big-site.example",), 1)


def test_shared_hosts_shorteners_cdns_and_infrastructure_are_refused(known: Known) -> None:
    names = [name for name in known.named if "." in name]
    assert [x for x in names if not refused(x, known) or not refused(f"www.{x}", known)] == []


@pytest.mark.parametrize(
    ("name", "guard"),
    [
        ("police.example", Guard("never_block", "police.example", True)),
        ("www.police.example", Guard("never_block", "police.example", True)),
        ("x.police.example", Guard("never_block", "police.example", True)),
        ("tax.gov.uk", Guard("never_block", "gov.uk", True)),
        ("www.x.tax.gov.uk", Guard("never_block", "gov.uk", True)),
        ("fonts.googleapis.com", Guard("below_cdn", "googleapis.com", False)),
        ("raw.githubusercontent.com", Guard("below_shared_host", "githubusercontent.com", False)),
        ("a248.e.akamai.net", Guard("below_cdn", "akamai.net", False)),
        ("court.test", Guard("above_named", "www.court.test", True)),
        ("1.in-addr.arpa", Guard("infrastructure", "arpa", True)),
        ("a.root-servers.net", Guard("below_infrastructure", "root-servers.net", True)),
        ("user.tumblr.com", Guard("below_shared_host", "tumblr.com", False)),
        ("e1.fbcdn.net", Guard("below_cdn", "fbcdn.net", False)),
        ("mail.site-1.example", Guard("below_top_site", "site-1.example", False)),
        ("wwwsite.example", Guard("www_without_dot", "wwwsite", False)),
        ("www.co.uk", Guard("public_suffix", "co.uk", True)),
        ("www.example", Guard("www_without_dot", "www", False)),
        ("a.example", Guard("one_letter", "a", False)),
        ("xn--pypal-4ve.example", Guard("mixed_scripts", "xn--pypal-4ve.example", False)),
    ],
)
def test_a_guard_says_what_it_matched(name: str, guard: Guard, known: Known) -> None:
    assert guard in guards_for(name, known)
    assert refusals(known).judge(name)


def test_a_customer_of_a_shared_host_of_the_private_part_is_free(known: Known) -> None:
    assert guards_for("user.github.io", known) == []
    assert refused("github.io", known)


def test_a_thousand_good_names_pass_both_ways(known: Known) -> None:
    forms = ("bad-{}.example", "www.bad-{}.example", "bad-{}.co.uk", "m.bad-{}.test", "u{}.github.io",
             "xn--mnchen-{}-example", "größe-{}.example", "дом-{}.example", "bad-{}.пример.test")  # fmt: skip
    names = [x.format(n) for n in range(200) for x in forms if not x.startswith("xn--")]
    found = compile_lines(io.BytesIO("\n".join(names).encode()), refusals(known))
    assert (len(found.names), found.problems) == (1_600, {})
    assert [x for x in found.names if guards_for(x, known)] == []


def guards_table() -> dict[str, Any]:
    text = resources.files("breakwater.worstof").joinpath("data/guards.toml").read_text("utf-8")
    return tomllib.loads(text)


def test_names_said_to_be_from_the_public_suffix_list_are_in_it(known: Known) -> None:
    table, suffixes = guards_table(), known.suffixes
    names = {n: source for group in GROUPS for n, source in table[group]["names"].items()}
    said = {n for n, source in names.items() if source == "public_suffix_list"}
    assert said <= suffixes.rules | suffixes.wildcards | suffixes.above


def test_every_source_is_used_and_no_name_rests_on_general_knowledge(known: Known) -> None:
    table = guards_table()
    sources = read_sources(table)
    groups = (*GROUPS, "top_site")
    assert {s for group in groups for s in table[group]["names"].values()} == set(sources)
    assert [key for key, source in sources.items() if source.tag == "K"] == []
    assert len(known.named) == sum(len(table[group]["names"]) for group in GROUPS)


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ("cdn.names.fastly.net", "hearsay", "cdn.names.fastly.net"),
        ("cdn.names.bit.ly", "bunny", "cdn.names.bit.ly"),
        ("cdn.names", ["fastly.net"], "cdn"),
        ("cdn.below", "sometimes", "cdn.below"),
        ("cdn.services", ["github.io"], "cdn.services"),
        ("sources.bunny.tag", "X", "sources.bunny.tag"),
        ("sources.bunny.title", " ", "sources.bunny.title"),
        ("sources.bunny.url", "", "sources.bunny.url"),
        ("sources.bunny.seen", "lately", "sources.bunny.seen"),
    ],
)
def test_a_name_without_a_good_source_is_refused_with_file_and_key(
    path: str, value: object, key: str
) -> None:
    table = guards_table()
    first, second, *rest = path.split(".", 2)
    within = table[first][second] if rest else table[first]
    within[rest[0] if rest else second] = value
    with pytest.raises(BadGuards, match=rf"^worstof/data/guards\.toml: {re.escape(key)}: expected"):
        read_named(table)


def test_scripts_that_are_written_together_are_no_mixture() -> None:
    assert not is_mixed("日本のサイトabc")
    assert is_mixed("pаypal")  # with a Cyrillic a


LABELS = st.sampled_from(
    ["a", "www", "wwwbad", "bad", "www2", "b-c", "xn--mnchen-3ya", "xn--pypal-4ve", "x_y", "city"]
)


@pytest.fixture(scope="module")
def near_guards(known: Known) -> st.SearchStrategy[str]:
    """Labels below, at or above a name that some guard knows."""
    suffixes = known.suffixes
    guarded = [*sorted(suffixes.rules)[::7], *sorted(suffixes.wildcards), *suffixes.exceptions]
    guarded += [*known.named, *known.never, *TOP[:3], "bad.example", "dev", "кто.example"]
    return st.tuples(st.lists(LABELS, max_size=4), st.sampled_from(guarded), st.integers(0, 2)).map(
        lambda drawn: ".".join([*drawn[0], *drawn[1].split(".")][drawn[2] :])
    )


@given(data=st.data())
def test_the_compiler_leaves_out_exactly_what_the_guards_have_a_reason_against(
    known: Known, near_guards: st.SearchStrategy[str], data: st.DataObject
) -> None:
    lines = data.draw(st.lists(near_guards, min_size=1, max_size=40))
    names = {name for line in lines for name in named_by(line)}
    found = compile_lines(io.BytesIO("\n".join(lines).encode()), refusals(known))
    assert found.names == sorted(name for name in names if not guards_for(name, known))


def named_by(line: str) -> list[str]:
    try:
        return [read_name(line).name]
    except BadName:
        return []
