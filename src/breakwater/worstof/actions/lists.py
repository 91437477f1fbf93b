"""Lists and their rules: the international one is there from the first use on."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from breakwater import countries
from breakwater.custody.actions import record
from breakwater.people.models import User
from breakwater.worstof.models import BlockList
from breakwater.worstof.rules.verdict import FEWEST

INTERNATIONAL = "Worst Of list"
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
        defaults={"legal_basis": "INTERPOL, criteria for inclusion in the Worst-of list"},
    )
    return made


def create_list(terms: Terms, *, by: User, at: datetime) -> BlockList:
    """Make a list.

    Raises:
        BadTerms: a term is missing or out of its bounds, or the name is taken.
    """
    return _keep(BlockList(), terms, "worstof.list.created", by=by, at=at)


def change_list(block_list: BlockList, terms: Terms, *, by: User, at: datetime) -> BlockList:
    """Change the rule of a list; it holds for what is judged from now on.

    Raises:
        BadTerms: as for a new list, or the country would change under the list's entries.
    """
    if block_list.country != terms.country and block_list.entries.exists():
        raise BadTerms("country", "the same country while the list has entries")
    return _keep(block_list, terms, "worstof.list.changed", by=by, at=at)


def _keep(block_list: BlockList, terms: Terms, verb: str, *, by: User, at: datetime) -> BlockList:
    _check(terms)
    with transaction.atomic():
        if BlockList.objects.filter(name=terms.name).exclude(pk=block_list.pk).exists():
            raise BadTerms("name", "a name that no other list has")
        before = {name: getattr(block_list, name) for name in terms.__slots__}
        after = {name: getattr(terms, name) for name in terms.__slots__}
        for name, value in after.items():
            setattr(block_list, name, value)
        block_list.save()
        changed = {k: [before[k], v] for k, v in after.items() if before[k] != v}
        record(verb, actor=by, at=at, target=terms.name, detail=changed)
    return block_list


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
        "grace_days": (0, LONGEST_GRACE),
    }
    for name, (least, most) in bounds.items():
        if not least <= getattr(terms, name) <= most:
            raise BadTerms(name, f"{least} to {most}")
    if terms.distinct not in BlockList.Distinct.values:
        raise BadTerms("distinct", ", ".join(BlockList.Distinct.values))
