"""What the rooms record and what the log can say in words are the same."""

import ast
import re
from pathlib import Path

import pytest

import breakwater
from breakwater.custody.verbs import VERBS, in_words
from breakwater.reports.rules import deciding

SOURCE = Path(breakwater.__file__).parent
VERB = re.compile(r"(custody|people|reports|hashlists|worstof|figures|synth)\.[a-z_]+\.[a-z_]+")
RECORDING = {"record", "record_view", "audit", "Deed"}


def nodes(path):
    return ast.walk(ast.parse(path.read_text("utf-8")))


def written(path):
    """Every verb that stands as a plain text in a module."""
    texts = (n.value for n in nodes(path) if isinstance(n, ast.Constant))
    return {text for text in texts if isinstance(text, str) and VERB.fullmatch(text)}


def composed(path):
    """The beginnings of verbs that are put together where they are recorded."""
    calls = (n for n in nodes(path) if isinstance(n, ast.Call) and n.args)
    firsts = (c.args[0] for c in calls if getattr(c.func, "id", "") in RECORDING)
    return {first.values[0].value for first in firsts if isinstance(first, ast.JoinedStr)}


MODULES = [p for p in SOURCE.rglob("*.py") if p.name != "verbs.py" and "migrations" not in p.parts]
BUNDLE_VERBS = {f"reports.bundle.{verb}" for verb in deciding.VERBS}


def test_every_recorded_verb_has_words():
    missing = {verb for path in MODULES for verb in written(path)} - set(VERBS)
    assert not missing, "add these to custody/verbs.py"


def test_every_verb_in_words_is_recorded_somewhere():
    assert set(VERBS) <= {verb for path in MODULES for verb in written(path)} | BUNDLE_VERBS


def test_only_decisions_on_bundles_compose_their_verb():
    assert {start for path in MODULES for start in composed(path)} <= {"reports.bundle."}
    assert set(VERBS) >= BUNDLE_VERBS


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_no_verb_is_said_as_it_is_kept(verb):
    assert in_words(verb) != verb
