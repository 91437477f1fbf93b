"""Checks that the documents are true: links, settings, dependencies, commands.

Ends with 1 if they are not.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import django
import typer.main

from breakwater import cli
from breakwater.site.config import NAMES

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
FENCED = re.compile(r"^ *```[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^(?: {4}|\t)(.+)", re.MULTILINE)
SPAN = re.compile(r"`([^`]+)`")
WORD = re.compile(r"[a-z][\w-]*")  # of a command; PATH or … stand for something else
BEFORE = re.compile(r"\$|\w+=.*")  # the prompt, and settings of one command
TARGET = re.compile(r"^([a-z][\w-]*):(?!=)", re.MULTILINE)
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


def code(text: str) -> Iterator[str]:
    """Every piece of code in a document, block lines one by one."""
    for block in FENCED.findall(text):
        yield from block.splitlines()
    rest = FENCED.sub("", text)
    yield from INDENTED.findall(rest)
    # A span may go on in the next line.
    yield from (" ".join(span.split()) for span in SPAN.findall(rest))


def called(text: str) -> Iterator[list[str]]:
    """The words of every command in a document's code, without its comment."""
    for line in code(text):
        for part in re.split(r"[;&|]+", re.sub(r"(^|\s)#.*", "", line)):
            words = part.split()
            while words and BEFORE.fullmatch(words[0]):
                del words[0]
            if words:
                yield [Path(words[0]).name, *words[1:]]


def wrong_in(words: list[str], targets: set[str], commands: object) -> str | None:
    """The first word of a call that neither the Makefile nor the command line knows."""
    if words[0] == "make":
        named = [word for word in words[1:] if WORD.fullmatch(word)]
        return next((word for word in named if word not in targets), None)
    if words[0] == "breakwater":
        for word in words[1:]:
            below = getattr(commands, "commands", None)  # a command without any takes arguments
            if not below or not WORD.fullmatch(word):
                return None
            if word not in below:
                return word
            commands = below[word]
    return None


def unknown_commands() -> Iterator[str]:
    django.setup()
    if not cli.app.registered_groups:
        cli._add_rooms()
    commands = typer.main.get_command(cli.app)
    targets = set(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    for path in documents():
        if path.name == "CHANGELOG.md":
            continue  # it may name what was there once
        for words in called(path.read_text(encoding="utf-8")):
            wrong = wrong_in(words, targets, commands)
            if wrong:
                call = " ".join(words)
                yield f"{path.relative_to(ROOT)}: there is no {wrong} for `{call}`"


def faults() -> list[str]:
    return [
        *broken_links(),
        *unexplained_settings(),
        *unexplained_dependencies(),
        *unknown_commands(),
    ]


if __name__ == "__main__":
    found = faults()
    sys.stdout.write("".join(f"{fault}\n" for fault in found) or "The documents are in order.\n")
    sys.exit(1 if found else 0)
