"""What hash lists said of the files of reports when they met them."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import QuerySet

from breakwater.hashlists.queries.speakers import Speaker, speakers
from breakwater.reports.models import Bundle, FileMatch

MOST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Match:
    """One voice on one hash; `distance` is in bits for PDQ, 0 for the same."""

    speaker: Speaker
    direction: str
    distance: int


def of_bundle(bundle: Bundle) -> dict[int, list[Match]]:
    """Number of a hash's selector -> the voices on it, those that raise first, then the nearest."""
    return _by_selector(FileMatch.objects.filter(report__memberships__bundle=bundle).distinct())


def of_report(report_id: int) -> dict[int, list[Match]]:
    """As `of_bundle`, for one report."""
    return _by_selector(FileMatch.objects.filter(report=report_id))


def _by_selector(rows: QuerySet[FileMatch]) -> dict[int, list[Match]]:
    fields = ("selector_id", "entry_id", "direction", "distance")
    # Backwards in the alphabet: "raise", "lower", "known".
    found = list(
        rows.order_by("-direction", "distance", "entry_id").values_list(*fields)[:MOST_SHOWN]
    )
    said = speakers(entry for _, entry, _, _ in found)
    matches: dict[int, list[Match]] = defaultdict(list)
    for selector, entry, direction, distance in found:
        if entry in said:
            matches[selector].append(Match(said[entry], direction, distance))
    return matches
