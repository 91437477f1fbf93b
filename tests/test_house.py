"""The house's own promises: documents are true, nothing of a machine or a registry slips in."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import check_docs  # noqa: E402 – a tool, not part of the package

# Put together here, so that this file does not contain what it looks for.
REGISTRIES = [".".join(p) for p in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]
HOMES = re.compile("/(?:" + "|".join(("root/", r"home/\w", r"Users/\w")) + ")")
TEXT = {".py", ".toml", ".md", ".html", ".js", ".css", ".in", ".lock", ".txt", ".po", ".json", ""}
TEXT |= {".csv", ".svg"}
NO_DRAWERS = {"utils.py", "helpers.py", "manager.py", "common.py"}


def tracked() -> list[Path]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a clone")
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def test_links_settings_dependencies_and_commands_of_the_documents_are_true():
    assert check_docs.faults() == []


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("run `make demo`, then `make sense`", ["sense"]),
        ("we make sense", []),
        ("```sh\n$ A=b make test nosuch # make tea\n```", ["nosuch"]),
        ("    breakwater migrate && breakwater migrat  # make the tables", ["migrat"]),
        ("a span that `breakwater\naudit prove` goes on", ["prove"]),
        ("`breakwater reports import reports.zip` `breakwater reports …` `breakwater --help`", []),
        ("`.venv/bin/breakwater nosuch`", ["nosuch"]),
    ],
)
def test_a_command_that_does_not_exist_is_found_in_a_document(
    text: str, faults: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "guide.md").write_text(text)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (tmp_path / "Makefile").write_text(makefile)
    monkeypatch.setattr(check_docs, "ROOT", tmp_path)
    found = list(check_docs.unknown_commands())
    assert [re.search("there is no (.+) for", fault)[1] for fault in found] == faults


def test_no_registry_and_no_machine_path_is_in_the_repository():
    # A clone in a short path, such as /work, is also the beginning of the desk's own addresses.
    clone = [f"{ROOT}/"] if len(ROOT.parts) > 2 else []
    found = []
    for path in tracked():
        if path.suffix not in TEXT or not path.exists() or "vendor" in path.parts:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.name}: {n}" for n in [*REGISTRIES, *clone] if n in text]
        found += [f"{path.name}: {home}" for home in HOMES.findall(text)]
    assert found == []


def test_lock_files_have_a_hash_for_every_version():
    locks = [path for path in tracked() if path.suffix == ".lock"]
    assert len(locks) >= 3
    for path in locks:
        text = path.read_text(encoding="utf-8")
        pinned = len(re.findall(r"^[\w\[\].-]+==", text, re.MULTILINE))
        assert pinned
        assert len(re.findall(r"==[^\\]*\\\n\s+--hash=", text)) == pinned


def test_no_module_is_a_drawer_for_everything():
    assert [p for p in tracked() if p.name in NO_DRAWERS] == []


def test_the_licence_is_there():
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
