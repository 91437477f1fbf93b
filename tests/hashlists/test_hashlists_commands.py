"""The command line fills, shares, pulls and exports lists, and says how it went."""

import json
import re
from base64 import b64encode
from pathlib import Path

import pytest
from django.test import Client
from typer.testing import CliRunner, Result

from breakwater.custody.models import AuditEntry
from breakwater.hashlists import index, jobs
from breakwater.hashlists.actions import receiving
from breakwater.hashlists.actions.recipients import recipient_for
from breakwater.hashlists.commands import app
from breakwater.hashlists.models import Entry, Fingerprint, HashList, ListChange, Recipient, Source

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    kept = tmp_path / "data"
    kept.mkdir()
    monkeypatch.setattr(index, "folder", lambda: kept)
    monkeypatch.setattr(receiving, "folder", lambda: kept)
    return kept


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})


def told(answer: Result) -> str:
    """What a command said, whatever the width of the terminal."""
    return " ".join(answer.output.split())


def done(*arguments: object) -> str:
    answer = run(*arguments)
    assert answer.exit_code == 0, (answer.output, answer.exception)
    return answer.output


@pytest.fixture
def unit_x() -> HashList:
    done("create", "Unit X", "--source", "Unit X", "--legal-basis", "Act s. 1",
         "--scheme", "industry", "--handling", "authorities")  # fmt: skip
    return HashList.objects.get()


def md5(n: int) -> str:
    return f"{n:032x}"


def file(folder: Path, text: str, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_list_is_made_filled_and_shown(unit_x, tmp_path: Path) -> None:
    path = file(tmp_path, f"md5,grade\n{md5(1)},A1\n{md5(2)},B2\n")
    said = done("import", path, "--list", "Unit X", "--now")
    assert "2 added, 0 changed, 0 unchanged, 0 removed, 0 set aside" in said
    assert "Unit X" in done("list")
    assert "0 added, 0 changed, 2 unchanged" in done("import", path, "--list", "Unit X", "--now")


def test_without_now_the_worker_takes_a_file_in(unit_x, tmp_path: Path, at) -> None:
    done("import", file(tmp_path, f"md5\n{md5(1)}\n"), "--list", "Unit X")
    assert ListChange.objects.get().state == "waiting"
    for _, job in jobs.JOBS:
        job(at)
    assert Entry.objects.count() == 1


def test_lines_that_were_set_aside_end_with_one_and_are_named(unit_x, tmp_path: Path) -> None:
    path = file(tmp_path, f"md5\n{md5(1)}\nno hash\n")
    answer = run("import", path, "--list", "Unit X", "--now")
    assert answer.exit_code == 1
    assert "1 set aside" in told(answer)
    assert "line 3: no_fingerprint" in told(answer)


def test_wrong_use_ends_with_two_and_takes_nothing(unit_x, tmp_path: Path) -> None:
    good = file(tmp_path, f"md5\n{md5(1)}\n")
    either = file(tmp_path, f"thing\n{5:064x}\n", "either.csv")
    for arguments in (
        ("import", good, "--list", "Nothing"),
        ("import", good, "--list", "Unit X", "--form", "tables"),
        ("import", good, "--list", "Unit X", "--column", "other=md5"),
        ("import", good, "--list", "Unit X", "--column", "md5=smell"),
        ("import", good, "--list", "Unit X", "--form", "vics", "--column", "md5=md5"),
        ("import", good, either, "--list", "Unit X", "--now"),
        ("import", tmp_path, "--list", "Unit X"),
        ("create", "New", "--source", "s", "--legal-basis", " "),
        ("create", "New", "--source", "s", "--legal-basis", "b", "--handling", "all"),
        ("export", "--list", "Unit X", "--form", "pdf"),
        ("pull",),
        ("pull", "--list", "Unit X"),
    ):
        answer = run(*arguments)
        assert answer.exit_code == 2, (arguments, answer.output)
    assert not ListChange.objects.exists()


def test_a_column_that_may_be_two_things_is_taken_as_somebody_says(unit_x, tmp_path) -> None:
    path = file(tmp_path, f"thing\n{5:064x}\n")
    done("import", path, "--list", "Unit X", "--column", "thing=pdq", "--now")
    assert Fingerprint.objects.get().get_kind_display() == "PDQ"


def test_a_file_that_is_no_vics_is_not_taken(unit_x, tmp_path: Path) -> None:
    path = file(tmp_path, "[", "x.json")
    answer = run("import", path, "--list", "Unit X", "--form", "vics", "--now")
    assert (answer.exit_code, "not taken" in told(answer)) == (1, True)
    assert ListChange.objects.get().state == "failed"


def test_a_folder_of_the_open_tools_is_taken_without_its_pickles(unit_x, tmp_path: Path) -> None:
    folder = tmp_path / "collection"
    folder.mkdir()
    file(folder, f"{5:064x},1,2026-01-01,tag\n", "simple.HASH_PDQ.te")
    file(folder, f"video_md5 {md5(2)}\n", "local.txt")
    file(folder, "never read", "sample.state.pickle")
    said = done("import", folder, "--list", "Unit X", "--form", "collection", "--now")
    assert "a pickle runs whatever it holds" in said
    assert Fingerprint.objects.count() == 2


def test_an_export_is_read_back_the_same_and_logged(unit_x, tmp_path: Path) -> None:
    path = file(tmp_path, f"md5,grade,note\n{md5(1)},A1,seen\n{md5(2)},B2,\n")
    done("import", path, "--list", "Unit X", "--now")
    copy = tmp_path / "copy.csv"
    done("export", "--list", "Unit X", "--out", copy)
    done("create", "Copy", "--source", "Unit X", "--legal-basis", "Act")
    done("import", copy, "--list", "Copy", "--now")
    said = [
        list(Entry.objects.filter(hash_list__name=n).order_by("pk").values_list("grade", flat=True))
        for n in ("Unit X", "Copy")
    ]
    assert said == [["A1", "B2"]] * 2
    vics = json.loads(run("export", "--list", "Unit X", "--form", "vics").stdout_bytes)
    assert [m["MD5"] for m in vics["value"]] == [md5(1), md5(2)]
    assert AuditEntry.objects.filter(verb="hashlists.list.exported").count() == 2


def test_a_file_leaves_only_for_a_recipient_that_may_pull_the_list(unit_x, tmp_path: Path) -> None:
    done("import", file(tmp_path, f"md5,grade\n{md5(1)},A1\n"), "--list", "Unit X", "--now")
    done("recipient", "add", "Desk B", "--username", "desk-b", "--sort", "authority")
    copy = tmp_path / "copy.csv"
    copy.write_text("of last week")

    def export() -> Result:
        return run("export", "--list", "Unit X", "--out", copy, "--for", "desk-b")

    refused = export()
    assert refused.exit_code == 2
    assert "«Desk B» may not have this list" in told(refused)
    assert copy.read_text() == "of last week", "a refused export leaves the file that was there"
    assert not AuditEntry.objects.filter(verb="hashlists.list.exported").exists()
    done("recipient", "grant", "desk-b", "--list", "Unit X")
    assert export().exit_code == 0
    assert md5(1) in copy.read_text()
    entry = AuditEntry.objects.get(verb="hashlists.list.exported")
    assert json.loads(entry.detail)["recipient"] == "desk-b"
    HashList.objects.update(handling="desk")
    assert export().exit_code == 2
    assert run("export", "--list", "Unit X", "--for", "nobody").exit_code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.csv", "data", "list.csv"]
    own = run("export", "--list", "Unit X", "--out", copy)
    assert own.exit_code == 0
    assert "A copy of the desk's own" in told(own)


def test_a_provider_gets_an_account_that_may_look_up_and_one_that_may_not(unit_x) -> None:
    add = ("recipient", "add", "Chat", "--username", "chat", "--sort", "provider", "--look-up")
    secret = done(*add).splitlines()[-1]
    done("recipient", "add", "Desk B", "--username", "desk-b", "--sort", "authority")
    account = recipient_for("chat", secret)
    assert account is not None
    assert (account.sort, account.may_look_up) == ("provider", True)
    assert not Recipient.objects.get(username="desk-b").may_look_up
    rows = [line for line in done("recipient", "list").splitlines() if "chat" in line]
    assert "yes" in rows[0]
    body = '{"hashes": [{"kind": "md5", "value": "' + md5(1) + '"}]}'
    key = b64encode(f"chat:{secret}".encode()).decode()
    answer = Client().post(
        "/hashsharing/lookup", body, content_type="application/json",
        headers={"authorization": f"Basic {key}"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.content


def test_a_recipient_gets_a_secret_once_lists_and_an_end(unit_x) -> None:
    said = done("recipient", "add", "Desk B", "--username", "desk-b", "--sort", "authority")
    secret = said.splitlines()[-1]
    assert recipient_for("desk-b", secret)
    assert run(
        "recipient", "add", "Desk B", "--username", "b", "--sort", "authority"
    ).exit_code == 1  # fmt: skip
    assert run("recipient", "add", "C", "--username", "c", "--sort", "friend").exit_code == 2
    said = done("recipient", "grant", "desk-b", "--list", "Unit X")
    assert f"/hashsharing/lists/{unit_x.pk}" in said
    assert "Unit X" in done("recipient", "list")
    assert secret not in done("recipient", "list")
    done("recipient", "revoke", "desk-b", "--list", "Unit X")
    assert not Recipient.objects.get().may_pull.exists()
    done("recipient", "revoke", "desk-b")
    assert recipient_for("desk-b", secret) is None


def test_a_list_that_a_provider_may_not_be_told_of_is_not_granted(unit_x) -> None:
    done("recipient", "add", "Chat", "--username", "chat", "--sort", "provider")
    answer = run("recipient", "grant", "chat", "--list", "Unit X")
    assert answer.exit_code == 1
    assert "may not be told" in told(answer)


def test_a_source_is_added_pulled_with_its_fault_and_removed(unit_x, monkeypatch) -> None:
    add = ("source", "add", "--list", "Unit X", "--username", "us", "--password-from")
    assert run(*add, "X_PASSWORD", "http://lists.example").exit_code == 2
    assert run(*add, "BREAKWATER_X", "https://lists.example").exit_code == 2
    done(*add, "X_PASSWORD", "https://lists.example/hashsharing")
    assert run(*add, "X_PASSWORD", "https://lists.example/hashsharing").exit_code == 1
    answer = run("pull")
    assert answer.exit_code == 1
    assert "X_PASSWORD is not set" in told(answer)
    assert "X_PASSWORD is not set" in re.sub(r"[\s│]+", " ", done("source", "list"))
    done("source", "remove", "--list", "Unit X")
    assert not Source.objects.exists()


def test_a_damaged_index_is_found_and_made_anew(unit_x, tmp_path: Path) -> None:
    done("import", file(tmp_path, f"md5\n{md5(1)}\n"), "--list", "Unit X", "--now")
    assert "whole" in done("verify")
    path = index.file_path(index.Kind.MD5)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    answer = run("verify")
    assert (answer.exit_code, "md5.bwx" in told(answer)) == (1, True)
    assert "whole" in done("verify")
