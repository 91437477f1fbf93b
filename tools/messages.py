"""Keeps the translations: collects the texts, says what is missing, compiles.

    python tools/messages.py update     collect texts into locale/<language>/LC_MESSAGES/django.po
    python tools/messages.py missing    list what is not translated; 1 if anything is
    python tools/messages.py compile    write the .mo files that the desk reads
    python tools/messages.py fill FILE  collect, then enter translations from a JSON file:
                                        {"text": {"es": "…", "fr": "…", "nl": ["one", "many"]}, …}

Needs no gettext on the machine: Django turns templates into code, Babel reads the code.
"""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "breakwater"
LANGUAGES = ("es", "fr", "nl")
KEYWORDS = {
    "gettext": None, "gettext_lazy": None, "gettext_noop": None, "lazy": None, "_": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2), "_n": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
Found = tuple[str | tuple[str, ...], str | None]


def collect() -> Catalog:
    """Every text of the package that a user sees."""
    catalog = Catalog(charset="utf-8")
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" not in path.parts:
            _add(catalog, path, path.read_text(encoding="utf-8"))
    for path in sorted(PACKAGE.rglob("templates/**/*.html")):
        _add(catalog, path, _as_code(path.read_text(encoding="utf-8")))
    return catalog


def _as_code(template: str) -> str:
    from django.utils.translation.template import templatize

    lines = templatize(template).splitlines()
    return "\n".join(line.strip() for line in lines)


def _add(catalog: Catalog, path: Path, code: str) -> None:
    place = path.relative_to(PACKAGE).as_posix()
    for message, context in _messages(code):
        catalog.add(message, locations=[(place, None)], context=context)  # type: ignore[list-item]


def _messages(code: str) -> Iterator[Found]:
    found = extract_python(io.BytesIO(code.encode()), KEYWORDS.keys(), (), {"encoding": "utf-8"})
    for _, function, message, _ in found:
        if function not in KEYWORDS:
            continue
        parts = message if isinstance(message, tuple) else (message,)
        if function.startswith(("pgettext", "npgettext")):
            context, *rest = parts
            yield (tuple(rest[:2]) if function.startswith("n") else rest[0]), context
        elif KEYWORDS[function] and len(parts) > 1:
            yield (parts[0], parts[1]), None
        elif parts[0]:
            yield parts[0], None


def po_path(language: str) -> Path:
    return PACKAGE / "locale" / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update() -> None:
    template = collect()
    for language in LANGUAGES:
        catalog = read(language)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.revision_date = catalog.creation_date  # a date would change every file every time
        write(language, catalog)


def write(language: str, catalog: Catalog) -> None:
    path = po_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, omit_header=False, sort_output=True, include_lineno=False, width=98)


def fill(translations: dict[str, dict[str, str | list[str]]]) -> list[str]:
    """Enter translations of texts; returns the texts that the package does not have."""
    update()
    unknown = set()
    for language in LANGUAGES:
        catalog = read(language)
        for text, in_languages in translations.items():
            known = [message for message in catalog if _singular(message.id) == text]
            if not known:
                unknown.add(text)
            for message in known:
                given = in_languages[language]
                message.string = tuple(given) if isinstance(given, list) else given
        write(language, catalog)
    return sorted(unknown)


def _singular(text: str | tuple[str, ...] | list[str]) -> str:
    return text if isinstance(text, str) else text[0]


def missing(language: str) -> list[str]:
    """Texts of the package without a finished translation."""
    catalog = read(language)
    gone = []
    for message in collect():
        if not message.id:
            continue
        known = catalog.get(message.id, message.context)
        done = known and not known.fuzzy and known.string
        if done and isinstance(known.string, tuple | list):
            done = all(known.string)
        if not done:
            gone.append(message.id if isinstance(message.id, str) else message.id[0])
    return gone


def compile_all() -> None:
    for language in LANGUAGES:
        path = po_path(language)
        if path.exists():
            with path.with_suffix(".mo").open("wb") as file:
                write_mo(file, read(language))


def main(command: str, *files: str) -> int:
    if command == "update":
        update()
    elif command == "compile":
        compile_all()
    elif command == "missing":
        gone = [(language, text) for language in LANGUAGES for text in missing(language)]
        for language, text in gone:
            sys.stdout.write(f"{language}: {text}\n")
        return 1 if gone else 0
    elif command == "fill":
        for text in fill(json.loads(Path(files[0]).read_text(encoding="utf-8"))):
            sys.stderr.write(f"not a text of the package: {text}\n")
    else:
        sys.stderr.write(__doc__ or "")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or [""]))
