"""What an operator adds to the stop page: whom to call, by what law, how long an appeal takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KINDS = ("report", "child", "worried", "appeal")
NEEDED = ("law", "report", "child", "worried")  # the desk's own page is a way to appeal
LANGUAGES = ("en", "es", "fr", "nl")
APPEAL_DAYS, LONGEST = 30, 365
_ADDRESSES = ("https://", "tel:", "mailto:")


class BadStopTexts(ValueError):
    """The operator's file is wrong; the message names the key and what was expected."""


@dataclass(frozen=True, slots=True)
class Contact:
    """`kind` says what it is for: to report, for a child, for the worried, or to appeal."""

    kind: str
    text: Mapping[str, str]  # by language
    address: str = ""  # https:, tel: or mailto:


@dataclass(frozen=True, slots=True)
class StopTexts:
    law: Mapping[str, str]
    contacts: tuple[Contact, ...] = ()
    appeal_days: int = APPEAL_DAYS

    def law_in(self, language: str) -> str:
        return said(self.law, language)

    def lacks(self) -> list[str]:
        """What a visitor needs and is not told: `law`, and kinds of contacts."""
        has = {contact.kind for contact in self.contacts} | ({"law"} if self.law else set())
        return [kind for kind in NEEDED if kind not in has]

    def contacts_in(self, language: str, kind: str) -> list[tuple[str, str]]:
        """Text and address of each contact of a kind."""
        return [(said(c.text, language), c.address) for c in self.contacts if c.kind == kind]


def said(texts: Mapping[str, str], language: str) -> str:
    """The text in this language, else in the first one that there is, else nothing."""
    known = (texts[x] for x in (language, *LANGUAGES) if x in texts)
    return next(known, "")


def read(data: Mapping[str, Any]) -> StopTexts:
    """Read the tables of stop-page.toml.

    Raises:
        BadStopTexts: a key is unknown, or its value cannot be.
    """
    if unknown := sorted(set(data) - {"law", "contacts", "appeal_days"}):
        raise BadStopTexts(f"{unknown[0]}: expected law, contacts or appeal_days")
    days = data.get("appeal_days", APPEAL_DAYS)
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= LONGEST:
        raise BadStopTexts(f"appeal_days: expected 1 to {LONGEST}")
    contacts = data.get("contacts", [])
    if not isinstance(contacts, list):
        raise BadStopTexts("contacts: expected [[contacts]]")
    law = _texts("law", data.get("law", {}))
    return StopTexts(law, tuple(_contact(n, c) for n, c in enumerate(contacts, 1)), days)


def _contact(number: int, data: object) -> Contact:
    where = f"contacts {number}"
    if not isinstance(data, Mapping) or set(data) - {"kind", "text", "address"}:
        raise BadStopTexts(f"{where}: expected kind, text and perhaps address")
    address = data.get("address", "")
    if data.get("kind") not in KINDS:
        raise BadStopTexts(f"{where}, kind: expected {', '.join(KINDS)}")
    if not isinstance(address, str) or (address and not address.startswith(_ADDRESSES)):
        raise BadStopTexts(f"{where}, address: expected {', '.join(_ADDRESSES)}")
    texts = _texts(f"{where}, text", data.get("text"))
    if not texts:
        raise BadStopTexts(f"{where}, text: expected a text in a language at least")
    return Contact(data["kind"], texts, address)


def _texts(where: str, data: object) -> Mapping[str, str]:
    if not isinstance(data, Mapping) or set(data) - set(LANGUAGES):
        raise BadStopTexts(f"{where}: expected texts by language: {', '.join(LANGUAGES)}")
    if not all(isinstance(text, str) and text.strip() for text in data.values()):
        raise BadStopTexts(f"{where}: expected a text for each language that is named")
    return dict(data)
