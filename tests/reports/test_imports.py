"""Walking deliveries: what is found, and what hostile archives come to."""

import hashlib
import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater.formats import filing, le_delivery
from breakwater.reports import imports
from breakwater.reports.actions.accept import Document
from breakwater.reports.imports import Hashed, Refusal, archive

REPORT = (
    b'{"reportId": %d, "reportedInformation": {"reportingEsp": {"espName": "Shoalchat"},'
    b' "uploadedFiles": [{"filename": "a.jpg"}]}}'
)
XML = (
    b"<report><incidentSummary><incidentType>Child Sex Tourism</incidentType>"
    b"<incidentDateTime>2026-10-01T10:00:00Z</incidentDateTime></incidentSummary><reporter>"
    b"<reportingPerson><email>desk@provider.example</email></reportingPerson></reporter></report>"
)


def report(number: int = 1) -> bytes:
    return REPORT % number


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return out.getvalue()


def walked(*files: tuple[str, bytes]) -> list[imports.Find]:
    return list(imports.of_uploads([(name, io.BytesIO(data)) for name, data in files]))


def only(*files: tuple[str, bytes]) -> imports.Find:
    (found,) = walked(*files)
    return found


def test_a_single_file_is_a_document_of_its_own_bytes() -> None:
    found = only(("r.json", report(7)))
    assert found == Document("r.json", "le_json", report(7), "C-7")


def test_a_list_of_reports_gives_a_find_for_each() -> None:
    found = walked(("r.json", b"[" + report(1) + b"," + report(2) + b', {"x": 1}]'))
    assert [f.name for f in found] == ["r.json#1", "r.json#2", "r.json#3"]
    assert isinstance(found[2], Refusal)
    assert "reportId" in found[2].reason


def test_a_folder_is_walked_to_the_bottom(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "1.json").write_bytes(report(1))
    (tmp_path / "2.json").write_bytes(report(2))
    (tmp_path / "broken.json").write_bytes(b"{")
    (tmp_path / "more.zip").write_bytes(zipped({"3.json": report(3)}))
    walk = imports.of_path(tmp_path)
    found = {f.name: f for f in walk}
    assert {n for n, f in found.items() if isinstance(f, Document)} == {
        "deep/er/1.json",
        "2.json",
        "more.zip/3.json",
    }
    refused = found["broken.json"]
    assert isinstance(refused, Refusal)
    assert "line 1, column 2" in refused.reason
    assert walk.seen == walk.total == 5


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    outside.write_bytes(report(1))
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.json").symlink_to(outside)
    (found,) = imports.of_path(inside)
    assert isinstance(found, Refusal)
    assert found.code == "link"


def test_media_is_measured_and_only_its_hashes_stay() -> None:
    found = walked(("d.zip", zipped({"1/r.json": report(1), "1/a.jpg": b"not an image"})))
    measured, document = found
    assert isinstance(measured, Hashed)
    assert measured.md5 == hashlib.md5(b"not an image").hexdigest()  # noqa: S324
    assert measured.size == 12
    assert isinstance(document, Document)
    assert document.format == "filing"
    assert b"not an image" not in document.data
    assert filing.unpack(document.data)[0].body == report(1)
    record = le_delivery.read_package(document.data)
    assert record.files[0].sha256 == hashlib.sha256(b"not an image").hexdigest()


def test_media_of_another_report_s_folder_is_not_taken() -> None:
    found = walked(("d.zip", zipped({"1/r.json": report(1), "2/a.jpg": b"another"})))
    assert [f.format for f in found if isinstance(f, Document)] == ["le_json"]


def test_media_below_the_folder_of_the_report_is_taken() -> None:
    found = walked(("d.zip", zipped({"1/r.json": report(1), "1/files/a.jpg": b"x"})))
    assert [f.format for f in found if isinstance(f, Document)] == ["filing"]


def test_a_provider_s_xml_becomes_a_filing_of_one_part() -> None:
    found = only(("r.xml", XML))
    assert isinstance(found, Document)
    assert found.format == "filing"
    assert filing.unpack(found.data)[0].body == XML
    again = only(("other-name.xml", XML))
    assert isinstance(again, Document)
    assert again.number == found.number


def test_a_filing_package_is_taken_as_it_is() -> None:
    package = filing.pack([filing.Part("report", XML)])
    found = only(("x.filing", package))
    assert isinstance(found, Document)
    assert found.data == package


def test_xml_of_something_else_is_refused_with_what_was_expected() -> None:
    found = only(("r.xml", b"<invoice/>"))
    assert isinstance(found, Refusal)
    assert "report" in found.reason


@pytest.mark.parametrize(
    "name", ["../../etc/x.json", "/etc/x.json", "C:\\x.json", "a/../../x.json", "x\0.json"]
)
def test_a_path_in_an_archive_is_only_a_label(name: str, tmp_path: Path) -> None:
    before = sorted(Path.cwd().iterdir())
    found = only(("d.zip", zipped({name: report(1)})))
    assert found.name.startswith("d.zip/")
    assert "\0" not in found.name
    assert sorted(Path.cwd().iterdir()) == before


def test_a_truncated_archive_is_refused() -> None:
    data = zipped({"r.json": report(1)})
    found = only(("d.zip", data[: len(data) // 2]))
    assert isinstance(found, Refusal)
    assert found.code == "zip_broken"


def test_a_damaged_member_does_not_hold_up_the_others() -> None:
    data = bytearray(zipped({"a.json": report(1), "b.json": report(2)}, zipfile.ZIP_STORED))
    data[data.index(b"Shoalchat")] ^= 0xFF
    first, second = walked(("d.zip", bytes(data)))
    assert isinstance(first, Refusal)
    assert first.code == "zip_broken"
    assert isinstance(second, Document)


@pytest.mark.parametrize("claimed", [0, 1, 10, 2**31])
def test_a_forged_length_is_refused(claimed: int) -> None:
    data = bytearray(zipped({"r.json": report(1)}))
    at = data.index(b"PK\1\2")
    struct.pack_into("<I", data, at + 24, claimed)
    (found,) = walked(("d.zip", bytes(data)))
    assert isinstance(found, (Refusal, Document))
    if isinstance(found, Document):
        assert found.data == report(1)


def test_a_bomb_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "RATIO_FROM", 1024 * 1024)
    data = zipped({"big.bin": b"\0" * 20_000_000, "r.json": report(1)})
    big, document = walked(("d.zip", data))
    assert isinstance(big, Refusal)
    assert big.code == "zip_bomb"
    assert isinstance(document, Document)


def test_an_archive_that_unfolds_to_too_much_in_all_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archive, "TOTAL_FROM", 1_000_000)
    monkeypatch.setattr(archive, "TOTAL_RATIO", 1)
    data = zipped({f"{i}.bin": b"\0" * 400_000 for i in range(10)})
    codes = [f.code for f in walked(("d.zip", data)) if isinstance(f, Refusal)]
    assert codes == ["zip_bomb"] * 8


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 3)
    found = only(("d.zip", zipped({f"{i}.json": report(i) for i in range(4)})))
    assert isinstance(found, Refusal)
    assert found.code == "zip_large"


def test_a_directory_that_would_fill_the_memory_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archive, "MAX_DIRECTORY", 100)
    found = only(("d.zip", zipped({f"{i}.json": report(i) for i in range(9)})))
    assert isinstance(found, Refusal)
    assert found.code == "zip_large"


def test_an_encrypted_member_is_refused_with_that_word() -> None:
    data = bytearray(zipped({"r.json": report(1)}))
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(signature) + offset] |= 1
    found = only(("d.zip", bytes(data)))
    assert isinstance(found, Refusal)
    assert found.code == "zip_encrypted"


def test_an_archive_in_an_archive_is_refused() -> None:
    found = only(("d.zip", zipped({"inner.zip": zipped({"r.json": report(1)})})))
    assert isinstance(found, Refusal)
    assert (found.name, found.code) == ("d.zip/inner.zip", "zip_nested")


def test_an_archive_of_an_unread_method_is_refused() -> None:
    found = only(("d.zip", zipped({"r.json": report(1)}, zipfile.ZIP_LZMA)))
    assert isinstance(found, Refusal)
    assert found.code == "zip_method"


def test_an_empty_archive_says_so() -> None:
    found = only(("d.zip", zipped({})))
    assert isinstance(found, Refusal)
    assert found.code == "empty"


def test_a_report_without_suffix_is_found_by_its_first_character() -> None:
    assert isinstance(only(("198000001", report(1))), Document)


def test_leftovers_of_other_systems_are_only_measured() -> None:
    found = only(("d.zip", zipped({"__MACOSX/._r.json": b"\0\5"})))
    assert isinstance(found, Hashed)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_damage_to_an_archive_gives_an_answer(data: st.DataObject) -> None:
    whole = bytearray(zipped({"1/r.json": report(1), "1/a.jpg": b"bytes" * 20}))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(whole)))
    assert walked(("d.zip", bytes(whole[:end] if end % 3 == 0 else whole)))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=20), st.binary(max_size=100))
def test_any_file_gives_an_answer(name: str, data: bytes) -> None:
    assert walked((name, data))
    assert walked((f"{name}.json", data))
    assert walked((f"{name}.xml", data))
    assert walked((f"{name}.filing", data))
    assert walked((f"{name}.zip", data))
