"""A report on its way from the original to the tables."""

import json
from dataclasses import dataclass, field
from datetime import datetime

from breakwater.reports.reading import Understood
from breakwater.reports.rules.score import Score

_json = json.JSONEncoder(separators=(",", ":"))

Sighting = tuple[int, str, str]  # selector id, role, kind


@dataclass(slots=True)
class Incoming:
    """One report on its way in; the fields below the line are filled on the way."""

    original_id: int
    number: str
    door: str
    received_at: datetime
    understood: Understood
    # ---
    id: int = 0
    provider_id: int = 0
    sightings: list[Sighting] = field(default_factory=list)
    score: Score | None = None
    reasons: str = "[]"  # of the score, as JSON

    @property
    def weight(self) -> tuple[bool, int]:
        return (self.score.is_urgent, self.score.points) if self.score else (False, 0)


def has_generative_ai(report: Incoming) -> bool:
    return bool(report.understood.facts["generative_ai"])


def reasons_json(score: Score) -> str:
    return _json.encode(score.reasons)
