"""Everything that a user sees is there in Spanish, French and Dutch."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
import messages

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}|%%")
RETIRED = re.compile(
    r"p(o|é)do-?porn|kinderporn|pornograf[ií]a infantil|child\s+porn", re.IGNORECASE
)


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_no_text_is_without_its_translation(language):
    assert messages.missing(language) == []


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_translation_fills_in_what_the_english_text_fills_in(language):
    wrong = []
    for message in messages.read(language):
        if not message.id or not message.string:
            continue
        many = isinstance(message.id, tuple)
        english = set(PLACEHOLDER.findall(message.id[-1] if many else message.id))
        for text in message.string if many else (message.string,):
            if set(PLACEHOLDER.findall(text)) - english:
                wrong.append(text)
        last = message.string[-1] if many else message.string
        if set(PLACEHOLDER.findall(last)) != english:
            wrong.append(last)
    assert wrong == []


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_no_translation_uses_a_retired_term(language):
    texts = [str(m.string) for m in messages.read(language)]
    assert [t for t in texts if RETIRED.search(t)] == []


def test_templates_and_code_are_both_collected():
    found = {m.id for m in messages.collect()}
    assert "The provider escalated it" in found  # code
    assert "Why it is here" in found  # a template


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "word"), [("es", "Ayuda"), ("fr", "Aide"), ("nl", "Hulp")])
def test_a_page_speaks_the_reader_s_language(language, word, officer, client_for):
    officer.language = language
    officer.save()
    page = client_for(officer).get("/help/").content.decode()
    assert f'<html lang="{language}"' in page
    assert word in page
