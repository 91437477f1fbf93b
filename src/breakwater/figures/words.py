"""The words of figures: names of regions and types, answers and findings as sentences."""

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from breakwater import countries
from breakwater.drawing.words import number as number
from breakwater.drawing.words import origin as origin
from breakwater.drawing.words import percent as percent
from breakwater.figures import rules
from breakwater.reports import texts

REGIONS = {
    "caribbean": lazy("Caribbean"),
    "central-america": lazy("Central America"),
    "north-america": lazy("North America"),
    "south-america": lazy("South America"),
    "european-union": lazy("European Union"),
    "south-asia": lazy("South Asia"),
    "south-east-asia": lazy("South-East Asia"),
    "pacific": lazy("Pacific"),
}
ROLES = {
    "victim": lazy("Children reported as victims"),
    "reported": lazy("Persons reported"),
    "recipient": lazy("Recipients"),
}
SEXES = {
    "female": lazy("Female"),
    "male": lazy("Male"),
    "other": lazy("Other"),
    "": lazy("Not known"),
}
TRENDS = {
    "rising": lazy("rising"),
    "falling": lazy("falling"),
    "steady": lazy("steady"),
    "unknown": lazy("not known, there are too few years"),
}


def country(code: str) -> str:
    if not code:
        return _("Country not known")
    return countries.name(code, (get_language() or "en")[:2])


def incident_type(kind: str) -> str:
    return str(texts.SHORT_TYPES.get(kind, kind))


def whole_type(kind: str) -> str:
    return str(texts.INCIDENT_TYPES.get(kind, kind))


def provider(name: str) -> str:
    return name or _("Provider not named")


def place(rank: rules.Rank) -> str:
    return _("place %(place)s of %(of)s") % {"place": number(rank.place), "of": number(rank.of)}


def answer_of_country(
    code: str, year: int, by_year: dict[int, int], rank: rules.Rank | None
) -> str:
    """The sentence on top of a country's figures."""
    reports = by_year.get(year)
    if reports is None or rank is None:
        return _("The published tables have no reports for %(country)s in %(year)s.") % {
            "country": country(code),
            "year": year,
        }
    moved = rules.change(by_year.get(year - 1), reports)
    return ngettext(
        "%(country)s: %(number)s report published for %(year)s, %(place)s. "
        "%(moved)s against the year before; the trend is %(trend)s.",
        "%(country)s: %(number)s reports published for %(year)s, %(place)s. "
        "%(moved)s against the year before; the trend is %(trend)s.",
        reports,
    ) % {
        "country": country(code),
        "number": number(reports),
        "year": year,
        "place": place(rank),
        "moved": percent(moved, signed=True),
        "trend": TRENDS[rules.trend(by_year)],
    }


def finding(found: rules.Finding) -> str:
    """What is odd, as a sentence; the evidence stands below it as a table."""
    sentence = _FINDINGS[found.kind]
    return str(sentence) % {"subject": found.subject, "other": found.other}


def findings_title(kind: str) -> str:
    return str(_TITLES[kind])


def evidence_columns(kind: str) -> tuple[str, str]:
    """What a finding's numbers are, and what they stand beside."""
    if kind == "other_totals":
        return _("By country"), _("By provider")
    if kind == "no_country":
        return _("Reports"), _("All reports of the year")
    return _("Reports"), _("Reports there")


_TITLES = {
    "mixed_row": lazy("Two territories in one row"),
    "other_numbers": lazy("Other numbers than published"),
    "two_names": lazy("One country under two names"),
    "other_totals": lazy("Two totals for one year"),
    "no_country": lazy("No country listed"),
    "not_in_iso": lazy("Not a country of today"),
    "uninhabited": lazy("Places where nobody lives"),
    "other_spelling": lazy("Other spellings"),
    "years_missing": lazy("Years without an entry"),
}
_FINDINGS = {
    "mixed_row": lazy(
        "The row “%(subject)s” of the shared table holds the numbers of %(other)s in some years "
        "and its own in others. Do not read it as a trend."
    ),
    "other_numbers": lazy(
        "The row “%(subject)s” of the shared table has other numbers than the published table."
    ),
    "two_names": lazy(
        "The code %(subject)s stands under two names: %(other)s. "
        "The desk adds the rows of one code together."
    ),
    "other_totals": lazy(
        "The table by provider adds up to less than the table by country. The rest was not "
        "reported by providers, for example by the public."
    ),
    "no_country": lazy(
        "The entry “%(subject)s” belongs to no country. It counts in the world total and in "
        "no country or rank."
    ),
    "not_in_iso": lazy(
        "These entries are not countries of ISO 3166. They count in the world total only."
    ),
    "uninhabited": lazy(
        "These places have reports, but nobody lives there for good. The place is probably wrong."
    ),
    "other_spelling": lazy(
        "The shared table and the published table write some names differently. They are "
        "matched by their code."
    ),
    "years_missing": lazy(
        "Some countries have no entry in some years. No entry can mean no report, or a gap."
    ),
}
