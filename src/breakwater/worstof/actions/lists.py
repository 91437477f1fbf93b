"""Lists and their rules: the international one is there from the first use on."""

from dataclasses import asdict, dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from breakwater import countries
from breakwater.custody.actions import record
from breakwater.people.models import User
from breakwater.worstof.models import BlockList
from breakwater.worstof.rules.clocks import LEAST_GRACE
from breakwater.worstof.rules.verdict import FEWEST

INTERNATIONAL = "Worst Of list"
CRITERIA_ONLY = "INTERPOL, criteria for inclusion in the Worst-of list"
"""Stands where a law will be named: by these criteria nobody may block yet."""
LONGEST_FRESH, LONGEST_GRACE, MOST = 365, 60, 9


class BadTerms(ValueError):
    """A list's terms cannot be; `field` says which."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: expected {expected}")
        self.field = field


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for a list; `country` is that of a national overlay, "" otherwise."""

    name: str
    legal_basis: str
    country: str = ""
    verifications: int = FEWEST
    distinct: str = BlockList.Distinct.COUNTRY
    fresh_days: int = 90
    grace_days: int = 14


def international() -> BlockList:
    """The list that is no country's own; made with INTERPOL's rule where there is none."""
    found = BlockList.objects.filter(country="").order_by("pk").first()
    if found:
        return found
    made, _ = BlockList.objects.get_or_create(
        name=INTERNATIONAL,
        defaults={"legal_basis": CRITERIA_ONLY},
    )
    return made


def create_list(terms: Terms, *, by: User, at: datetime) -> BlockList:
    """Make a list.

    Raises:
        BadTerms: a term is missing or out of its bounds, or the name is taken.
    """
    made = BlockList()
    if terms.country not in ("", settings.DESK_COUNTRY):
        # What one country alone says would be sent to the providers of another.
        raise BadTerms("country", f"this desk's country, {settings.DESK_COUNTRY}, or none")
    with transaction.atomic():
        keep_terms(made, terms)
        detail = {name: value for name, value in asdict(terms).items() if value}
        record("worstof.list.created", actor=by, at=at, target=terms.name, detail=detail)
    return made


def terms_of(block_list: BlockList) -> Terms:
    return Terms(**{name: getattr(block_list, name) for name in Terms.__slots__})


def keep_terms(block_list: BlockList, terms: Terms) -> None:
    """Write the terms into the list's row; a change has to be confirmed first (`rule_changes`).

    Raises:
        BadTerms: they cannot be.
    """
    check_terms(block_list, terms)
    for name, value in asdict(terms).items():
        setattr(block_list, name, value)
    block_list.save()


def check_terms(block_list: BlockList, terms: Terms) -> None:
    """Raises: BadTerms: a term cannot be, or the country would change under the list's entries."""
    _check(terms)
    if BlockList.objects.filter(name=terms.name).exclude(pk=block_list.pk).exists():
        raise BadTerms("name", "a name that no other list has")
    is_moved = not block_list._state.adding and block_list.country != terms.country
    if is_moved and block_list.entries.exists():
        raise BadTerms("country", "the same country while the list has entries")


def _check(terms: Terms) -> None:
    if not terms.name.strip():
        raise BadTerms("name", "a name")
    if not terms.legal_basis.strip():
        raise BadTerms("legal_basis", "the law or agreement under which names are blocked")
    if terms.country and terms.country not in countries.all_codes():
        raise BadTerms("country", "an ISO 3166 code of two letters")
    if terms.country and terms.distinct == BlockList.Distinct.COUNTRY:
        raise BadTerms("distinct", "agency, for a national list has authorities of one country")
    bounds = {
        "verifications": (FEWEST, MOST),
        "fresh_days": (1, LONGEST_FRESH),
        "grace_days": (LEAST_GRACE, LONGEST_GRACE),
    }
    for name, (least, most) in bounds.items():
        if not least <= getattr(terms, name) <= most:
            raise BadTerms(name, f"{least} to {most}")
    if terms.distinct not in BlockList.Distinct.values:
        raise BadTerms("distinct", ", ".join(BlockList.Distinct.values))
