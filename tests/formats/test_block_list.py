"""Dirty lines become sorted names, every line left out has its reason, and readers that we did
not write read every form."""

import io
import json
import os
import re
import shutil
import subprocess
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pymisp
import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st

from breakwater.formats.block_list import (
    FORMS,
    BadRule,
    Compiled,
    Header,
    Refusals,
    compile_lines,
    compile_sources,
    read_line,
)
from breakwater.formats.domain_name import ZONE_ROOM, BadName

AT = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
HEADER = Header(7, AT, "rpz.desk.invalid", "A list\nof tests")
NAMES = ["a.site.example", "a_b.example", "site.example", "xn--mnchen-3ya.example"]

WORDS = st.sampled_from(
    ["site.example", "Site.Example", "www.site.example", "münchen.example", "xn--mnchen-3ya.example",
     "xn--a.example", "a.test", "hidden.onion", "-a.example", "192.0.2.1", "www", "a..example",
     "127.0.0.1", "::1", "||", "@@||", "^", ".", "*.", "https://", "http://", "//", "/",
     "/path", ":80", "?x", "#x", "##.ad", " # why", "!", " ", "\t", "\r", "$third-party",
     "$important", "|", "\\", "@", "localhost", "localhost.localdomain", "SITE.EXAMPLE", "grÖße.test",
     "x.пример", "0.0.0.0 ", "::1\t", "İ", "[Adblock]", "#", "\x85", "\u3000", "\u200d", "-", "_",
     "long" * 60 + ".example", "wwwx", "a.co.example", "1", "xn--"]
)  # fmt: skip
LINES = st.lists(WORDS, max_size=5).map("".join)


def compiled(text: str, refusals: Refusals | None = None) -> Compiled:
    return compile_lines(io.BytesIO(text.encode()), refusals)


def written(form: str, names: list[str] = NAMES) -> bytes:
    return b"".join(FORMS[form].write(iter(names), HEADER))


@pytest.mark.parametrize(
    "line",
    ["site.example", "SITE.example.", " site.example ", "0.0.0.0 site.example", "::1 site.example",
     "127.0.0.1\tsite.example # seen", "192.0.2.9 site.example", "||site.example^", "||site.example",
     "|https://site.example^|", "||site.example^$important", "https://site.example/a/b?c#d",
     "http://u:p@site.example:80/", "*.site.example", ".site.example", "site.example\r",
     "site.example #@#", "hxxps://site[.]example/", "\ufeffsite.example"],
)  # fmt: skip
def test_every_usual_form_of_a_line_is_read(line: str) -> None:
    found = compiled(line)
    assert (found.names, found.faults) == (["site.example"], [])


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("@@||site.example^", "exception_rule"),
        (r"/banner\d+/", "regex_rule"),
        ("site.example##.ad", "cosmetic_rule"),
        ("||site.example^$third-party", "conditions_rule"),
        ("||site.example/page^", "path_rule"),
        ("|http://site.example/page|", "path_rule"),
        ("site.example^", "part_rule"),
        ("||si*te.example^", "wildcard"),
        ("x" * 10_001 + ".example", "long_line"),
        ("someone@site.example", "email"),
        ("192.0.2.1", "ip_address"),
        ("0.0.0.0 -site.example", "hyphen"),
        ("hidden.onion", "not_in_dns"),
        ("||hidden.onion^", "not_in_dns"),
        ("xn--a.example", "punycode"),
        ("a." * 98 + "example", "name_length"),
        ("si\x00te.example", "characters"),
    ],
)
def test_what_cannot_be_said_to_a_resolver_is_left_out_with_its_reason(
    line: str, problem: str
) -> None:
    found = compiled(f"good.example\n\n{line}\n")
    assert found.names == ["good.example"]
    assert [(f.line, f.problem) for f in found.faults] == [(3, problem)]
    assert found.faults[0].text == line[:200]


@pytest.mark.parametrize(
    "line", ["", "# why", "! Title: x", "; zone", "[Adblock Plus 2.0]", "127.0.0.1 localhost",
             "::1 ip6-localhost ip6-loopback", "   # indented"],
)  # fmt: skip
def test_comments_and_the_lines_of_every_hosts_file_ask_for_nothing(line: str) -> None:
    found = compiled(line + "\n")
    assert (found.names, found.left_out, found.comments) == ([], 0, 1)


def test_duplicates_go_and_names_below_others_are_counted_and_stay() -> None:
    found = compiled("b.example\nB.example.\na.b.example\nx.y.a.b.example\nb-c.example\n")
    assert found.names == ["a.b.example", "b-c.example", "b.example", "x.y.a.b.example"]
    assert (found.lines, found.duplicates, found.covered) == (5, 1, 2)


def test_only_the_first_faults_are_kept_and_all_are_counted() -> None:
    found = compile_lines(io.BytesIO(b"-a.example\n" * 9), faults_kept=3)
    assert [fault.line for fault in found.faults] == [1, 2, 3]
    assert found.problems == Counter(hyphen=9)
    assert found.left_out == 9


def test_a_fault_names_its_file_and_the_line_there() -> None:
    sources = [
        ("a.txt", io.BytesIO(b"a.example\nb.example")),
        ("b.txt", io.BytesIO(b"\n-c.example")),
    ]
    found = compile_sources(sources)
    assert (found.names, found.lines) == (["a.example", "b.example"], 4)
    assert [(f.source, f.line, f.problem) for f in found.faults] == [("b.txt", 2, "hyphen")]


def judged(name: str) -> str:
    if name in ("shared.example", "www.shared.example") or name.endswith(".arpa"):
        return "named"
    labels = name.split(".")
    is_odd = labels[-2].startswith("wwwx") or labels[-2] == "a"
    return "odd" if is_odd or any(x.startswith("xn--") for x in labels) else ""


def is_abroad(label: str) -> bool:
    return not label.isascii()


GUARDED = Refusals(judged, frozenset(["shared.example"]), frozenset(["arpa"]), is_abroad)


def test_what_is_guarded_is_left_out_with_the_guards_key() -> None:
    lines = ["shared.example", "u.shared.example", "www.shared.example", "1.in-addr.arpa",
             "wwwx.example", "www.x.example", "ü.example", "a.test", "a.x.test"]  # fmt: skip
    found = compiled("\n".join(lines), GUARDED)
    assert found.names == ["a.x.test", "u.shared.example", "www.x.example"]
    assert [(f.line, f.problem) for f in found.faults] == [
        (1, "named"), (3, "named"), (4, "named"), (5, "odd"), (7, "odd"), (8, "odd")
    ]  # fmt: skip


@given(st.lists(LINES, max_size=12))
def test_the_fast_way_gives_what_reading_line_by_line_gives(lines: list[str]) -> None:
    names: set[str] = set()
    problems = Counter[str]()
    for line in lines:
        try:
            found = [name for name, _ in read_line(line.removeprefix("\ufeff"))]
        except (BadName, BadRule) as refused:
            problems[refused.problem] += 1
            continue
        names.update(name for name in found if not judged(name))
        problems.update(judged(name) for name in found if judged(name))
    result = compiled("\n".join(lines), GUARDED)
    assert result.names == sorted(names)
    assert result.problems == problems


def test_a_name_of_thousands_of_labels_is_a_fault_like_others() -> None:
    found = compiled("a." * 4_000 + "example\n" + "ab." * 30 + "example\nsite.example")
    assert [(f.line, f.problem) for f in found.faults] == [(1, "name_length")]
    assert len(found.names) == 2


@given(st.lists(LINES, max_size=12))
def test_every_line_is_counted_where_it_stands(lines: list[str]) -> None:
    text = "\n".join(lines)
    found = compile_lines(io.BytesIO(text.encode()), GUARDED, faults_kept=99)
    assert found.lines == text.count("\n") + (text != "" and not text.endswith("\n"))
    assert [f.text for f in found.faults] == [
        lines[f.line - 1].removeprefix("\ufeff").strip()[:200] for f in found.faults
    ]
    assert [f.line for f in found.faults] == sorted(f.line for f in found.faults)


@given(st.lists(st.sampled_from(["a.example", "b.a.example", "c.b.a.example", "ba.example"])))
def test_names_below_others_are_counted_as_looking_at_each_pair_would(names: list[str]) -> None:
    below = {x for x in names for y in names if x.endswith(f".{y}")}
    assert compiled("\n".join(names)).covered == len(below)


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    assert compile_lines(io.BytesIO(data)).lines >= bool(data)


def test_a_line_without_an_end_is_never_read_as_the_name_it_happens_to_be_cut_at() -> None:
    text = b"x" * 3_000_000 + b".site.example\nsite.example\n"
    found = compile_lines(io.BytesIO(text))
    assert found.names == ["site.example"]
    assert [(f.line, f.problem) for f in found.faults] == [(1, "long_line")]


@pytest.mark.parametrize(
    "line",
    ["127.0.0.1" + " " * ((1 << 20) - 13) + "xyz.victim.example", " " * 60_000 + "site.example" + " " * (1 << 20),
     " " * 20_000, "# x" + " " * 20_000, "https://site.example/" + "a" * 20_000,
     "site.example #" + "a" * 20_000, "||site.example^" + " " * 20_000],
    ids=range(7),
)  # fmt: skip
def test_a_line_too_long_for_any_list_is_a_fault_whatever_it_is_filled_with(line: str) -> None:
    found = compiled(f"{line}\ngood.example\n")
    assert found.names == ["good.example"]
    assert [(f.line, f.problem) for f in found.faults] == [(1, "long_line")]
    assert [f.problem for f in Compiled().add(line, Refusals())] == ["long_line"]


def test_a_fault_far_down_a_file_has_its_own_line() -> None:
    lines = [f"name-{n}.example" for n in range(100_000)]  # two blocks and more
    lines[99_998] = "-bad.example"
    found = compiled("\n".join(lines))
    assert [(f.line, f.text) for f in found.faults] == [(99_999, "-bad.example")]


def test_one_name_is_added_and_removed_as_compiling_all_again_would() -> None:
    found = compiled("a.example\nc.example\n")
    assert found.add("||B.example^", GUARDED) == []
    assert found.add("b.example", GUARDED) == []
    assert [f.problem for f in found.add("shared.example", GUARDED)] == ["named"]
    assert [f.problem for f in found.add("@@x", GUARDED)] == ["exception_rule"]
    assert found.names == ["a.example", "b.example", "c.example"]
    assert (found.lines, found.duplicates, found.left_out) == (6, 1, 2)
    assert found.remove("a.example")
    assert not found.remove("aa.example")
    assert found.names == ["b.example", "c.example"]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_same_each_time_and_good_without_names(form: str) -> None:
    assert written(form) == written(form)
    assert written(form, [])


def test_named_checkzone_accepts_the_zone(tmp_path: Path) -> None:
    longest = ".".join(["a" * 63] * 3 + ["example"])
    path = tmp_path / "list.zone"
    zone = "z" * (ZONE_ROOM - 8) + ".invalid"
    path.write_bytes(b"".join(FORMS["rpz"].write([*NAMES, longest], Header(7, AT, zone, "x"))))
    said = subprocess.run(
        ["named-checkzone", "-D", zone, path], capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr + said.stdout
    assert "loaded serial 7" in said.stderr
    assert len(re.findall(r"\sIN\s+CNAME\s+\.$", said.stdout, re.MULTILINE)) == 10
    assert f"*.a_b.example.{zone}." in said.stdout


@pytest.mark.parametrize("header", [Header(7, AT, "z" * 51, ""), Header(2**32, AT, "z", "")])
def test_a_zone_that_no_server_could_hold_is_not_written(header: Header) -> None:
    with pytest.raises(ValueError, match="zone"):
        list(FORMS["rpz"].write(NAMES, header))


def unless_installed(program: str) -> pytest.MarkDecorator:
    """What a merge must pass installs it (.ci/run); there its absence is a failure."""
    is_missing = not shutil.which(program) and not os.environ.get("CI")
    return pytest.mark.skipif(is_missing, reason=f"{program} is not installed")


def test_unbound_accepts_its_form(tmp_path: Path) -> None:
    path = tmp_path / "list.conf"
    path.write_bytes(written("unbound"))
    said = subprocess.run(["unbound-checkconf", path], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr


@unless_installed("dnsmasq")
def test_dnsmasq_accepts_its_form(tmp_path: Path) -> None:
    path = tmp_path / "list.conf"
    path.write_bytes(written("dnsmasq"))
    command = ["dnsmasq", "--test", f"--conf-file={path}"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr


@unless_installed("squid")
def test_squid_accepts_its_form_though_one_name_is_below_another(tmp_path: Path) -> None:
    listed, path = tmp_path / "list.acl", tmp_path / "squid.conf"
    listed.write_bytes(written("squid"))
    path.write_text(
        f'acl listed dstdomain "{listed}"\nhttp_access deny listed\nhttp_port 127.0.0.1:3128\n'
        "pid_filename none\n"
    )
    command = ["squid", "-k", "parse", "-f", path]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert "subdomain" not in said.stderr


def lines_of(form: str) -> list[str]:
    return [x for x in written(form).decode().splitlines() if not x.startswith("#")]


def test_the_line_forms_are_what_their_manuals_say() -> None:
    assert lines_of("dnsmasq") == [f"local=/{name}/" for name in NAMES]
    assert lines_of("hosts")[:2] == ["0.0.0.0 a.site.example", ":: a.site.example"]
    assert len(lines_of("hosts")) == 2 * len(NAMES)
    # Squid refuses a list that has a name and one below it.
    assert lines_of("squid") == [".a_b.example", ".site.example", ".xn--mnchen-3ya.example"]
    assert written("squid").startswith(b"# A list of tests\n# serial 7, 2026-11-25T01:02:03Z\n")


def test_the_hosts_form_is_read_again_as_the_same_names() -> None:
    for form in ("hosts", "squid"):
        found = compile_lines(io.BytesIO(written(form)))
        assert not found.faults
        assert set(found.names) == set(NAMES) - ({"a.site.example"} if form == "squid" else set())


def test_the_table_has_both_spellings() -> None:
    rows = written("csv").decode().split("\r\n")
    assert rows[0] == "domain,shown"
    assert rows[4] == "xn--mnchen-3ya.example,münchen.example"


def test_a_stix_reader_finds_an_indicator_for_each_name() -> None:
    bundle = stix2.parse(written("stix").decode(), version="2.1")
    patterns = [x.pattern for x in bundle.objects if x.type == "indicator"]
    assert patterns == [f"[domain-name:value = '{name}']" for name in NAMES]
    assert all(x.object_marking_refs == [stix2.TLP_AMBER.id] for x in bundle.objects[1:])
    assert bundle.objects[0] == stix2.TLP_AMBER


def test_a_name_keeps_its_identifier_from_one_publication_to_the_next() -> None:
    later = b"".join(FORMS["stix"].write(NAMES, Header(8, AT.replace(day=26), HEADER.zone, "x")))
    ids = [
        {x["pattern"]: (x["id"], x["created"]) for x in json.loads(text)["objects"][2:]}
        for text in (written("stix"), later)
    ]
    assert ids[0] == ids[1]


def test_a_misp_reader_finds_the_event_of_the_manifest_with_each_name() -> None:
    with zipfile.ZipFile(io.BytesIO(written("misp"))) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        (uuid,) = manifest
        event = pymisp.MISPEvent()
        event.load(archive.read(f"{uuid}.json"))
    assert event.uuid == uuid
    assert event.info == manifest[uuid]["info"]
    assert [tag.name for tag in event.tags] == ["tlp:amber"]
    assert [(x.type, x.value, x.to_ids) for x in event.attributes] == [
        ("domain", name, True) for name in NAMES
    ]
