"""Whatever way a domain is pasted, it becomes one name, or is refused with a reason."""

import idna
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from breakwater.formats.domain_name import (
    LONGEST,
    ZONE_ROOM,
    BadName,
    DomainName,
    Problem,
    read_name,
)

LABELS = st.from_regex(r"\A[a-z0-9](?:[a-z0-9_-]{0,20}[a-z0-9])?\Z").filter(
    lambda x: not x.startswith("xn--")
)
LETTERS = st.sampled_from("abcxyz019-äöüßéçñøłžαβγσςяжшקמאبتثあアー中文한글ก्𝒳①ﬀ。．☃💩\u200d\u200c")
NAMES = st.builds(
    lambda labels, top: ".".join([*labels, top]),
    st.lists(LABELS, min_size=1, max_size=4),
    st.sampled_from(["example", "test", "co.test", "xn--p1ai"]),
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Example.COM.", "example.com"),
        ("  site.example\n", "site.example"),
        ("https://user:p%40ss@WWW.Site.example:8443/path?q=1#x", "www.site.example"),
        ("http://site.example", "site.example"),
        ("https:site.example/x", "site.example"),
        ("http:\\\\site.example\\@other.example/", "site.example"),
        ("https://other.example@site.example", "site.example"),
        ("//site.example/a", "site.example"),
        ("site.example/a:b@c", "site.example"),
        ("site.example:8080", "site.example"),
        ("http://site%2Eexample/", "site.example"),
        ("hxxps://site[.]example/x", "site.example"),
        ("*.x.example", "x.example"),
        (".x.example", "x.example"),
        ("a_b.x.example", "a_b.x.example"),
        ("r3---sn-abc.x.example", "r3---sn-abc.x.example"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("MÜNCHEN.EXAMPLE", "xn--mnchen-3ya.example"),
        ("mu\u0308nchen.example", "xn--mnchen-3ya.example"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("ｓｉｔｅ．example", "site.example"),
        ("site。example", "site.example"),
        ("si\u00adte.example", "site.example"),
        ("☃.example", "xn--n3h.example"),
        ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
    ],
)
def test_every_spelling_that_a_browser_opens_becomes_the_same_name(text: str, name: str) -> None:
    assert read_name(text).name == name


def test_people_see_the_letters_of_an_international_name() -> None:
    assert read_name("xn--mnchen-3ya.Example") == DomainName(
        "xn--mnchen-3ya.example", "münchen.example"
    )
    assert read_name("site.example").shown == "site.example"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", Problem.EMPTY),
        (" \t", Problem.EMPTY),
        ("https:///", Problem.EMPTY),
        ("*.", Problem.EMPTY),
        ("ftp://site.example/", Problem.SCHEME),
        ("someone@site.example", Problem.EMAIL),
        ("mailto:someone@site.example", Problem.EMAIL),
        ("192.0.2.1", Problem.IP_ADDRESS),
        ("192.0.2.1.", Problem.IP_ADDRESS),
        ("http://192.0.2.1:80/x", Problem.IP_ADDRESS),
        ("http://3221225985/", Problem.IP_ADDRESS),
        ("0xC0000201", Problem.IP_ADDRESS),
        ("0300.0.02.1", Problem.IP_ADDRESS),
        ("192.0.513", Problem.IP_ADDRESS),
        ("0x", Problem.IP_ADDRESS),
        ("１９２.0.2.1", Problem.IP_ADDRESS),
        ("2001:db8::1", Problem.IP_ADDRESS),
        ("fe80::1%eth0", Problem.IP_ADDRESS),
        ("http://[2001:db8::1]:443/", Problem.IP_ADDRESS),
        ("::ffff:192.0.2.1", Problem.IP_ADDRESS),
        ("192.0.2.256", Problem.TOP_LEVEL),
        ("1.2.3.4.5", Problem.TOP_LEVEL),
        ("08.1.1.1", Problem.TOP_LEVEL),
        ("site.123", Problem.TOP_LEVEL),
        ("film.mp4", Problem.TOP_LEVEL),
        ("site.e", Problem.TOP_LEVEL),
        ("www", Problem.SINGLE_LABEL),
        ("site", Problem.SINGLE_LABEL),
        ("中国", Problem.SINGLE_LABEL),
        ("hidden.onion", Problem.NOT_IN_DNS),
        ("printer.local", Problem.NOT_IN_DNS),
        ("site..example", Problem.EMPTY_LABEL),
        ("site.example..", Problem.EMPTY_LABEL),
        ("..site.example", Problem.EMPTY_LABEL),
        ("-site.example", Problem.HYPHEN),
        ("site-.example", Problem.HYPHEN),
        ("-ü.example", Problem.HYPHEN),
        ("xn--ü.example", Problem.HYPHEN),
        ("a b.example", Problem.CHARACTERS),
        ("0.0.0.0 site.example", Problem.CHARACTERS),
        ("||site.example^", Problem.CHARACTERS),
        ("site.example:http", Problem.CHARACTERS),
        ("ü!.example", Problem.CHARACTERS),
        ("\u0301a.example", Problem.CHARACTERS),
        ("a\u200dä.example", Problem.CHARACTERS),
        ("א1a.example", Problem.CHARACTERS),
        ("\ud800.example", Problem.CHARACTERS),
        ("site.exa_mple", Problem.TOP_LEVEL),
        ("a.*.example", Problem.WILDCARD),
        ("*site.example", Problem.WILDCARD),
        ("*.*.example", Problem.WILDCARD),
        ("a" * 64 + ".example", Problem.LABEL_LENGTH),
        ("ü" * 63 + ".example", Problem.LABEL_LENGTH),
        ("a." * 100 + "example", Problem.NAME_LENGTH),
        ("a" * 5000, Problem.NAME_LENGTH),
        ("xn--.example", Problem.HYPHEN),
        ("xn--a.example", Problem.PUNYCODE),
        ("xn--site-.example", Problem.HYPHEN),
        ("xn--MNCHEN-ENA.example", Problem.PUNYCODE),
        ("xn--99999999.example", Problem.PUNYCODE),
    ],
)
def test_what_no_resolver_could_block_is_refused_with_its_reason(
    text: str, problem: Problem
) -> None:
    with pytest.raises(BadName) as refused:
        read_name(text)
    assert refused.value.problem is problem


def test_a_refusal_does_not_repeat_the_name_because_messages_end_in_logs() -> None:
    with pytest.raises(BadName) as refused:
        read_name("-secret.example")
    assert "secret" not in str(refused.value)


def test_the_longest_name_fits_below_the_longest_zone() -> None:
    longest = ".".join(["a" * 63] * 3 + ["example"])
    assert len(longest) == LONGEST - 1
    assert read_name(longest).name == longest
    on_the_wire = len(f"*.{'a' * LONGEST}.{'z' * ZONE_ROOM}.") + 1
    assert on_the_wire <= 255


@given(st.text(max_size=80))
@example("http://%\ud800")
@example("xn--a.xn--b")
def test_no_text_raises_anything_else_and_a_name_stays_what_it_is(text: str) -> None:
    try:
        found = read_name(text)
    except BadName:
        return
    assert read_name(found.name) == found
    assert read_name(found.shown) == found


@given(st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=1, max_size=3))
def test_an_international_name_is_the_same_in_letters_and_in_a_labels(labels: list[str]) -> None:
    try:
        found = read_name(".".join([*labels, "example"]))
    except BadName:
        assume(False)
        return
    assert found.name.isascii()
    assert read_name(found.name) == read_name(found.shown) == found


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8))
@example("אb")
@example("a\u200cb")
@example("\u0301a")
def test_no_label_is_taken_that_the_rules_of_direction_and_joiners_refuse(label: str) -> None:
    try:
        found = read_name(f"{label}.example")
    except BadName:
        return
    for taken in found.shown.split("."):
        assert idna.check_initial_combiner(taken)
        assert taken.isascii() or idna.check_bidi(taken)
        joiners = [at for at, c in enumerate(taken) if c in "\u200c\u200d"]
        assert all(idna.valid_contextj(taken, at) for at in joiners)


def test_a_label_that_is_far_too_long_is_refused_at_once() -> None:
    with pytest.raises(BadName) as refused:
        read_name("㌀" * 400 + ".example")
    assert refused.value.problem is Problem.LABEL_LENGTH


@given(st.text("abz019-", max_size=40))
def test_no_a_label_that_cannot_be_decoded_is_taken(rest: str) -> None:
    try:
        found = read_name(f"xn--{rest}.example")
    except BadName:
        return
    assert found.shown != found.name
    assert read_name(found.shown) == found


@given(
    NAMES,
    st.sampled_from(["{}", "{}.", " {} ", "http://{}", "https://{}./a?b#c", "HTTPS://u:p@{}:443/",
                     "*.{}", ".{}", "//{}/", "{}/x@y", "hxxp://{}", "http:\\\\{}\\x"]),
    st.booleans(),
)  # fmt: skip
def test_case_dots_and_url_forms_give_the_same_name(name: str, form: str, upper: bool) -> None:
    written = form.format(name.upper() if upper else name)
    assert read_name(written).name == read_name(name).name == name


@given(
    st.integers(0, 2**32 - 1), st.sampled_from(["{}", "0x{:x}", "0{:o}", "http://{}/", "0X{:X}"])
)
def test_an_address_is_an_address_in_every_base(number: int, form: str) -> None:
    with pytest.raises(BadName) as refused:
        read_name(form.format(number))
    assert refused.value.problem is Problem.IP_ADDRESS
