"""Checks that the documents are true: links, settings, dependencies. Ends with 1 if not."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from breakwater.site.config import NAMES

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
NAME = re.compile(r"^[A-Za-z][\w.-]*")
REQUIREMENTS = ("requirements.in", "requirements-dev.in", "tests/integration/foreign-client.in")
NOT_OURS = {"build", "var", "vendor"}  # beside folders whose name begins with a dot


def documents() -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(f for f in folders if f not in NOT_OURS and not f.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(".md"))


def broken_links() -> Iterator[str]:
    for path in documents():
        for target in LINK.findall(path.read_text(encoding="utf-8")):
            if not (path.parent / target).exists():
                yield f"{path.relative_to(ROOT)}: {target} does not exist"


def unexplained_settings() -> Iterator[str]:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for name in sorted(NAMES):
        if f"`{name}`" not in text:
            yield f"docs/operations.md: {name} is not explained"


def unexplained_dependencies() -> Iterator[str]:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    for file in REQUIREMENTS:
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
            found = NAME.match(line)
            if found and not re.search(rf"(?<![\w-]){found[0].lower()}(?![\w-])", text):
                yield f"docs/dependencies.md: {found[0]} has no line"


def faults() -> list[str]:
    return [*broken_links(), *unexplained_settings(), *unexplained_dependencies()]


if __name__ == "__main__":
    found = faults()
    sys.stdout.write("".join(f"{fault}\n" for fault in found) or "The documents are in order.\n")
    sys.exit(1 if found else 0)
