"""The facts of a report that the score may look at, one flat table of plain values."""

from dataclasses import dataclass
from datetime import datetime

from breakwater.formats.record import VICTIM, Record

CLASSES = ("A1", "A2", "B1", "B2")
Fact = bool | int | str
UNKNOWN_AGE = -1  # days_old where the incident has no time


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the desk knows about a report beyond the report itself."""

    received_at: datetime
    prior_reports: int  # earlier reports about the same reported accounts
    new_files: int  # files whose hash the desk had not seen
    known_viral: bool  # every file is in more reports than the cap
    ip_grade: int
    completeness: int
    listed: str = ""  # what hash lists say of the files: raise, lower, contradicted, known, ""
    listed_by: str = ""  # the gravest voice, for the sentence


FACTS = (
    "escalated", "priority", "sextortion", "csam_solicitation", "minor_to_minor", "spam",
    "sadistic", "live_streaming", "infant", "self_production", "physical_harm", "violence",
    "generative_ai", "incident_type", "access_to_children", "access_to_firearms", "convicted",
    "children", "prior_reports", "worst_class", "days_old", "viewed", "new_files", "ip_grade",
    "completeness", "all_files_viral", "batch", "informational", "platform", "provider", "files",
    "listed", "listed_by",
)  # fmt: skip


def own_facts(record: Record) -> dict[str, Fact]:
    """Give the facts that the report alone tells."""
    marks = {a for f in record.files for a in f.annotations}
    notes = set(record.annotations)
    people, files = record.persons, record.files
    classes = sorted(f.classification for f in files if f.classification in CLASSES)
    return {
        "escalated": record.escalation is not None,
        "priority": record.priority,
        "sextortion": "sextortion" in notes,
        "csam_solicitation": "csam_solicitation" in notes,
        "minor_to_minor": "minor_to_minor" in notes,
        "spam": "spam" in notes,
        "sadistic": "sadistic" in notes,
        "live_streaming": "live_streaming" in marks,
        "infant": "infant" in marks,
        "self_production": "self_production" in marks,
        "physical_harm": bool(marks & {"physical_harm", "violence", "bestiality"}),
        "violence": "violence" in marks,
        "generative_ai": "generative_ai" in marks,
        "incident_type": record.incident_type,
        "access_to_children": any(p.access_to_children for p in people),
        "access_to_firearms": any(p.access_to_firearms for p in people),
        "convicted": any(p.convicted for p in people),
        "children": sum(1 for p in people if p.role == VICTIM),
        "prior_reports": sum(len(p.prior_reports) for p in people if p.role != VICTIM),
        "worst_class": classes[0] if classes else "",
        "viewed": any(f.viewed for f in files),
        "all_files_viral": bool(files)
        and all({"viral", "potential_meme"} & set(f.annotations) for f in files),
        "batch": bool(record.batch),
        "informational": record.informational,
        "platform": record.platform,
        "provider": record.provider,
        "files": len(files),
    }


def facts(
    own: dict[str, Fact], incident_at: datetime | None, around: Surroundings
) -> dict[str, Fact]:
    """Complete a report's own facts with what the desk knows around it."""
    days_old = max(0, (around.received_at - incident_at).days) if incident_at else UNKNOWN_AGE
    return {
        **own,
        "prior_reports": max(around.prior_reports, int(own["prior_reports"])),
        "days_old": days_old,
        "new_files": around.new_files,
        "ip_grade": around.ip_grade,
        "completeness": around.completeness,
        "all_files_viral": bool(own["all_files_viral"]) or around.known_viral,
        "listed": around.listed,
        "listed_by": around.listed_by,
    }
