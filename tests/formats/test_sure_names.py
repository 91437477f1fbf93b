"""What the compiled core keeps by itself is what reading each line by hand would keep."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.formats._core import SureNames
from breakwater.formats.block_list import BadRule, read_line
from breakwater.formats.domain_name import (
    LONGEST,
    LONGEST_LABEL,
    NOT_IN_DNS,
    BadName,
    read_name,
    sure_letter,
)

WORDS = st.one_of(
    st.sampled_from(
        ["site.example", "Münch", "größe", "ПРИМЕР", "日本", "한국", "ᄒ", "ᅡ", "ñ", "n\u0303", "ß", "ς", "İ", "K",
         "אב", "ab", "ﬀ", "½", "١", "\u200d", "\ufeff", "\u3002", "\u3000", "\x85", "xn--", "XN--", "-", "--", "_", "7", "www",
         ".", "..", "*.", "||", "^", "https://", "HTTP://", "0.0.0.0 ", "::1\t", "localhost.", ":80", "/p", "#x",
         " # why", " ", "\t", "\r", "!", ";", ".onion", ".example", ".test", "@", "\x00", "a" * 63, "ü" * 59]
    ),
    st.text(max_size=3),
)  # fmt: skip
LINES = st.lists(WORDS, max_size=6).map("".join).map(lambda text: text.replace("\n", ""))


def sieve(names: set[str], odd: str = "") -> SureNames:
    return SureNames(
        names, named={"named.example", "co.example"}, asked={"asked.example", *NOT_IN_DNS},
        letter=sure_letter, odd=lambda label: bool(odd) and odd in label,
        longest_label=LONGEST_LABEL, longest=LONGEST,
    )  # fmt: skip


def by_hand(line: str) -> set[str] | None:
    try:
        return {name for name, _ in read_line(line)}
    except (BadName, BadRule):
        return None


@given(st.lists(LINES, min_size=1, max_size=8))
def test_a_line_is_kept_as_it_is_read_by_hand_or_left_to_whoever_asks(lines: list[str]) -> None:
    for line in lines:
        kept: set[str] = set()
        data = line.encode()
        count, nothing, good, others = sieve(kept).take(data)
        assert count == 1
        assert nothing + good + len(others) == 1
        assert others in ([], [(0, data)])
        if good:
            assert by_hand(line) == kept
        if nothing:
            assert by_hand(line) == set()


@given(st.lists(LINES, max_size=8))
def test_lines_one_after_the_other_are_taken_as_each_alone(lines: list[str]) -> None:
    together: set[str] = set()
    apart: set[str] = set()
    count, nothing, good, others = sieve(together).take("\n".join(lines).encode())
    alone = [sieve(apart).take(line.encode()) for line in lines or [""]]
    assert (count, nothing, good) == tuple(sum(x) for x in list(zip(*alone, strict=True))[:3])
    assert others == [(at, x[3][0][1]) for at, x in enumerate(alone) if x[3]]
    assert together == apart


@pytest.mark.parametrize(
    "octets",
    [b"\xc1\xbc", b"\xe0\x82\xbc", b"\xf0\x80\x83\xbc", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x82",
     b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\x80", b"\xff", b"\xc3\xbc\xbc"],
)  # fmt: skip
@pytest.mark.parametrize("line", [b"m%bnchen.example", b"shop.%b", b"%b.example", b"site.x%b"])
def test_octets_that_are_no_text_are_left_to_whoever_asks(line: bytes, octets: bytes) -> None:
    kept: set[str] = set()
    assert sieve(kept).take(b"m\xc3\xbcnchen.example") == (1, 0, 1, [])
    assert sieve(kept).take(line % octets) == (1, 0, 0, [(0, line % octets)])
    assert kept == {"xn--mnchen-3ya.example"}


@pytest.mark.parametrize(
    "line",
    [b"site.example #" + b"a" * 9000, b"||site.example^" + b" " * 9000, b" " * 9001, b"#" * 9001,
     b" " * 9000 + b"site.example", b"https://site.example/" + b"a" * 9000],
    ids=range(6),
)  # fmt: skip
def test_a_line_of_thousands_of_letters_is_left_to_whoever_asks(line: bytes) -> None:
    kept: set[str] = set()
    assert sieve(kept).take(line) == (1, 0, 0, [(0, line)])
    assert not kept


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Site.Example.", "site.example"),
        ("https://www.site.example:8080/a?b#c", "www.site.example"),
        ("||ads.site.example^", "ads.site.example"),
        ("0.0.0.0\tsite.example # seen", "site.example"),
        ("Größe-7.example", "xn--gre-7-mqa4n.example"),
        ("x.пример.испытание", "x.xn--e1afmkfd.xn--80akhbyknj4f"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
        ("shop.named.example", "shop.named.example"),
    ],
)
def test_most_lines_of_most_lists_are_sure(line: str, name: str) -> None:
    kept: set[str] = set()
    assert sieve(kept).take(line.encode())[2:] == (1, [])
    assert kept == {name} == by_hand(line)


@pytest.mark.parametrize(
    "line",
    ["named.example", "x.asked.example", "a.b.asked.example", "a.named.example", "wwwx.co.example",
     "w.example", "www.example", "hidden.onion", "a.xn--bcher-kva.example", "a--ü.example",
     "a\u0308b.example", "אב.example", "ᅡ.example", "0.0.0.0 localhost.example", "site.example^",
     "si te.example", "example", "a" * 64 + ".example", "ab." * 66 + "example", "10.0.0.1",
     "film.mp4", "ü\ud800.example", "a\ufeffb.example"],
)  # fmt: skip
def test_what_could_be_wrong_or_guarded_is_left_to_whoever_asks(line: str) -> None:
    kept: set[str] = set()
    data = line.encode("utf-8", "surrogatepass")
    assert sieve(kept).take(data) == (1, 0, 0, [(0, data)])
    assert not kept


def test_a_label_that_looks_odd_is_left_to_whoever_asks() -> None:
    kept: set[str] = set()
    assert sieve(kept, odd="ß").take("größe.example\nmünchen.example".encode())[2] == 1
    assert kept == {"xn--mnchen-3ya.example"}


def test_a_name_asks_for_itself_and_for_what_stands_above_it() -> None:
    asked = sieve(set()).asks
    assert asked("named.example")
    assert asked("x.y.asked.example")
    assert asked("www-x.co.example")
    assert asked("shop.www-x.named.example")
    assert not asked("shop.co.example")


SURE = [c for c in map(chr, range(sys.maxunicode + 1)) if sure_letter(c)]


def test_the_letters_of_the_worlds_scripts_are_sure() -> None:
    assert len(SURE) > 100_000
    assert set("äßñøłžабвгдžαβγ日本語한국ไทย") - {"\u0e31"} <= set(SURE)
    assert not set("azAZ09-_.אبا\u0301\u1161\u11a8½①İŉ\u200d\ud800") & set(SURE)
    assert [sure_letter(c) for c in "ÄЯΣſ"] == ["ä", "я", "σ", ""]


def test_no_sure_letter_joins_the_one_before_it() -> None:
    """NFC joins pairs only that some letter is taken apart into, and the parts of Hangul."""
    sure = set(SURE)
    for letter in map(chr, range(sys.maxunicode + 1)):
        parts = unicodedata.decomposition(letter)
        if parts and not parts.startswith("<"):
            assert not {chr(int(code, 16)) for code in parts.split()[1:]} & sure
    for before in ("ᄀ", "가", "각"):
        assert not [c for c in SURE if len(unicodedata.normalize("NFC", before + c)) < 2]


def test_every_sure_letter_stands_in_a_name_as_it_is_said_to() -> None:
    for at in range(0, len(SURE), 4):
        letters = SURE[at : at + 4]
        said = "a".join(map(sure_letter, letters))
        assert read_name(f"가{'A'.join(letters)}.example").shown == f"가{said}.example"
