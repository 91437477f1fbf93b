"""A hash value is brought into one spelling, or refused with a sentence that says why."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.formats.hash_entry import (
    HEX_LENGTHS,
    KINDS,
    TEXT_KINDS,
    BadFingerprint,
    Fingerprint,
    HashEntry,
    Problem,
    SourceId,
    kind_of,
    media_of,
    read_fingerprint,
    read_time,
)

PHOTODNA = bytes(range(144))


@pytest.mark.parametrize("kind", HEX_LENGTHS)
def test_hexadecimal_is_lower_case_without_spaces_around(kind: str) -> None:
    length = HEX_LENGTHS[kind]
    assert read_fingerprint(kind, " " + "Ab" * (length // 2) + "\r").value == "ab" * (length // 2)


@pytest.mark.parametrize(
    "written",
    [
        PHOTODNA.hex(),
        PHOTODNA.hex().upper(),
        base64.b64encode(PHOTODNA).decode(),
        ",".join(str(b) for b in PHOTODNA),
        ", ".join(str(b) for b in PHOTODNA),
    ],
)
def test_photodna_is_the_same_however_it_is_written(written: str) -> None:
    assert read_fingerprint("photodna", written) == Fingerprint("photodna", PHOTODNA.hex())


@given(st.binary(min_size=144, max_size=144))
def test_every_photodna_value_survives_each_of_its_spellings(value: bytes) -> None:
    spellings = [value.hex(), base64.b64encode(value).decode(), ",".join(map(str, value))]
    assert {read_fingerprint("photodna", text).value for text in spellings} == {value.hex()}


@pytest.mark.parametrize("kind", TEXT_KINDS)
def test_kinds_without_a_spelling_of_ours_are_kept_letter_by_letter(kind: str) -> None:
    assert read_fingerprint(kind, "AbC+/=,12").value == "AbC+/=,12"


@pytest.mark.parametrize(
    ("kind", "text", "problem", "words"),
    [
        ("md5", "", Problem.MISSING, "empty"),
        ("md5", "a" * 31, Problem.WRONG_LENGTH, "32 hexadecimal digits, found 31"),
        ("md5", "g" * 32, Problem.NOT_HEXADECIMAL, "other characters"),
        ("sha1", "a" * 32, Problem.WRONG_LENGTH, "40 hexadecimal digits, found 32"),
        ("md5", "٣" * 32, Problem.NOT_HEXADECIMAL, "other characters"),
        ("photodna", " ", Problem.MISSING, "empty"),
        ("photodna", "ab" * 100, Problem.WRONG_LENGTH, "288 hexadecimal digits, found 200"),
        ("photodna", base64.b64encode(b"!" * 99).decode(), Problem.WRONG_LENGTH, "99 bytes"),
        ("photodna", "xyz01", Problem.WRONG_LENGTH, "cut off"),
        ("photodna", "1,2,3", Problem.WRONG_LENGTH, "144 numbers, found 3"),
        ("photodna", ",".join(["256"] * 144), Problem.NOT_HEXADECIMAL, "found 256"),
        ("photodna", ",".join(["12", "ff", "3"] * 48), Problem.MIXED_ENCODINGS, "others"),
        ("photodna", "12;13", Problem.NOT_HEXADECIMAL, "neither"),
        ("crc32", "abcd", Problem.UNKNOWN_KIND, "expected one of md5"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_a_sentence(
    kind: str, text: str, problem: Problem, words: str
) -> None:
    with pytest.raises(BadFingerprint, match=words) as refused:
        read_fingerprint(kind, text)
    assert refused.value.problem is problem
    assert refused.value.where == kind


@given(st.sampled_from([*KINDS, "other"]), st.text(max_size=300))
def test_no_text_raises_anything_else(kind: str, text: str) -> None:
    try:
        found = read_fingerprint(kind, text)
    except BadFingerprint:
        return
    assert read_fingerprint(kind, found.value) == found


@pytest.mark.parametrize(
    ("name", "kind"),
    [("MD5", "md5"), ("SHA-1", "sha1"), ("sha_256", "sha256"), ("PhotoDNA", "photodna"), ("pdna", "photodna"), ("tmk-pdqf", "tmk_pdqf"), ("MD5 hash", "md5"), ("CRC", None), ("", None)],
)  # fmt: skip
def test_the_names_that_lists_use_are_known(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind


@pytest.mark.parametrize(
    ("text", "expected", "problem"),
    [
        ("2023-06-07T02:31:49Z", datetime(2023, 6, 7, 2, 31, 49, tzinfo=UTC), None),
        ("2023-06-07T02:31:49.8300000Z", datetime(2023, 6, 7, 2, 31, 49, 830000, UTC), None),
        ("2023-06-07T04:31:49+02:00", datetime(2023, 6, 7, 2, 31, 49, tzinfo=UTC), None),
        ("2023-06-07 02:31", datetime(2023, 6, 7, 2, 31, tzinfo=UTC), Problem.TIME_WITHOUT_ZONE),
        ("/Date(1686105109000)/", datetime(2023, 6, 7, 2, 31, 49, tzinfo=UTC), Problem.DOTNET_TIME),
        (r"\/Date(1686105109000+0200)\/", datetime(2023, 6, 7, 2, 31, 49, tzinfo=UTC), Problem.DOTNET_TIME),
        ("/Date(99999999999999999)/", None, Problem.BAD_TIME),
        ("0001-01-01T00:00:00+10:00", None, Problem.BAD_TIME),
        ("9/9/2024 9:09:09 PM", None, Problem.BAD_TIME),
    ],
)  # fmt: skip
def test_a_time_is_read_with_what_is_odd_about_it(
    text: str, expected: datetime | None, problem: Problem | None
) -> None:
    assert read_time(text) == (expected, problem)


@given(st.text(max_size=40))
def test_no_time_raises(text: str) -> None:
    when, problem = read_time(text)
    assert (when is None) == (problem is Problem.BAD_TIME)


def test_an_entry_can_be_kept_in_a_set_and_names_its_source() -> None:
    first = HashEntry((Fingerprint("md5", "a" * 32),), source_id=SourceId("image1", "42"))
    assert len({first, HashEntry(first.fingerprints, source_id=SourceId("image1", "42"))}) == 1
    assert str(first.source_id) == "42/image1"
    assert first.values("md5") == ("a" * 32,)
    assert media_of("Image/jpeg") == "image"
    assert media_of("") == "unknown"
