"""Every file hash of a set of reports meets the hash lists."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from breakwater.hashlists.queries.lookup import KINDS, Asked, find, is_anything_listed
from breakwater.hashlists.rules.voices import KNOWN, Verdict, verdict
from breakwater.reports.actions.incoming import Incoming
from breakwater.reports.models import FileMatch
from breakwater.reports.rules.perceptual import pdq_code, photodna_code
from breakwater.storage import bulk

# Voices kept with a report for each hash; the lookup page shows all of them.
MOST_KEPT = 5
SCHEMES = {"pdq": "PDQ", "photodna": "PhotoDNA"}

Verdicts = Mapping[int, Verdict]


def asked_of(kind: str, value: str) -> Asked | None:
    """What to ask the lists about a selector; None for selectors that are no searched hash."""
    if kind in KINDS:
        return Asked(kind, value)
    if kind != "phash":
        return None
    if code := pdq_code(value):
        return Asked("pdq", code.hex())
    code = photodna_code(value)
    return Asked("photodna", code.hex()) if code else None


def verdicts(values: Mapping[int, tuple[str, str]], at: datetime) -> dict[int, Verdict]:
    """Selector number -> what the lists say, for the hashes among `values` that are listed.

    A list's validity goes by days of the desk's own time zone.
    """
    if not is_anything_listed():
        return {}
    asked = {n: a for n, pair in values.items() if (a := asked_of(*pair))}
    found = find(list(asked.values()), on=timezone.localtime(at).date())
    return {n: verdict(voices) for n, voices in zip(asked, found, strict=True) if voices}


def listed(report: Incoming, said: Verdicts) -> tuple[str, str]:
    """What the lists say of a report's files together, and the gravest voice in words.

    A list lowers only when it, or another that lowers, names every file. Where nothing weighs, the
    words are the units to which a file is known.
    """
    files = [(sid, kind) for sid, _, kind in report.sightings if kind in (*KINDS, "phash")]
    found = [said[sid] for sid, _ in files if sid in said]
    if not found:
        return "", ""
    raising = [v for v in found if v.raises]
    if raising:
        word = "contradicted" if any(v.is_contradicted for v in raising) else "raise"
        return word, _named(raising)
    counted = {kind: sum(1 for _, k in files if k == kind) for _, kind in files}
    lowered = [kind for sid, kind in files if sid in said and said[sid].lowers]
    if any(lowered.count(kind) == counted[kind] for kind in lowered):
        return "lower", _named(found)
    units = dict.fromkeys(v.source for one in found for v in one.voices if v.direction == KNOWN)
    return (KNOWN, ", ".join(units)) if units else ("", "")


def _named(found: Iterable[Verdict]) -> str:
    voice = verdict([v for one in found for v in one.voices]).voices[0]
    words = voice.list_name + (f" ({voice.grade})" if voice.grade else "")
    return words + (f", {SCHEMES[voice.kind]} ±{voice.distance}" if voice.distance else "")


def match_rows(reports: Sequence[Incoming], said: Verdicts) -> list[tuple[object, ...]]:
    """Rows of `FileMatch`, in the order of `FIELDS`."""
    if not said:
        return []
    return [
        (report.id, sid, voice.list_id, voice.entry_id, voice.distance, voice.direction)
        for report in reports
        for sid in dict.fromkeys(s for s, _, _ in report.sightings)
        if sid in said
        for voice in said[sid].voices[:MOST_KEPT]
    ]


FIELDS = ("report", "selector_id", "list_id", "entry_id", "distance", "direction")


def write_matches(reports: Sequence[Incoming], said: Verdicts) -> None:
    bulk.insert(FileMatch, FIELDS, match_rows(reports, said))
