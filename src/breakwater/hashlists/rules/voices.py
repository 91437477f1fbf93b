"""What several lists say of one hash, side by side: nothing is overwritten, contradiction shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from breakwater.hashlists.rules.grades import severity

# In this order: what only says that a file is known weighs nothing and stands last.
RAISE, LOWER, KNOWN = DIRECTIONS = ("raise", "lower", "known")
DESK, AUTHORITIES, PROVIDERS = "desk", "authorities", "providers"


@dataclass(frozen=True, slots=True)
class Voice:
    """One member of one list on one hash that matched, at what distance."""

    list_id: int
    list_name: str
    source: str
    member: str
    direction: str
    grade: str
    mapped_grade: str
    kind: str
    distance: int
    entry_id: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """All voices on one file, the worst first."""

    voices: tuple[Voice, ...]

    @property
    def raises(self) -> bool:
        return any(v.direction == RAISE and v.mapped_grade != "not_csam" for v in self.voices)

    @property
    def lowers(self) -> bool:
        """Only where no list raises: a doubt is resolved for the child."""
        return not self.raises and any(v.direction == LOWER for v in self.voices)

    @property
    def is_contradicted(self) -> bool:
        """Whether lists point in two directions, or members disagree whether it is CSAM."""
        directions = {v.direction for v in self.voices if v.direction != KNOWN}
        said = {v.mapped_grade == "not_csam" for v in self.voices if v.mapped_grade}
        return len(directions) > 1 or len(said) > 1


def verdict(voices: Sequence[Voice]) -> Verdict:
    """Put voices in order: by direction, then worse grades and nearer hashes first."""
    return Verdict(
        tuple(
            sorted(
                voices,
                key=lambda v: (
                    DIRECTIONS.index(v.direction),
                    severity(v.mapped_grade),
                    v.distance,
                    v.list_name,
                    v.entry_id,
                ),
            )
        )
    )


def is_valid(on: date, valid_from: date | None, valid_until: date | None) -> bool:
    """Whether a list speaks on this day; both ends belong to its time."""
    return (valid_from is None or valid_from <= on) and (valid_until is None or on <= valid_until)


def may_be_told(handling: str, sort: str) -> bool:
    """Whether a list's conditions allow to tell an «authority» or a «provider» of a match."""
    if sort == "authority":
        return handling in (AUTHORITIES, PROVIDERS)
    return sort == "provider" and handling == PROVIDERS


def told_distance(distance: int, threshold: int) -> int:
    """A distance rounded up to tenths of the threshold, for askers who do not hold the list.

    With exact distances of enough invented values, a listed one could be reckoned; and from a
    PhotoDNA value a coarse likeness of its picture.
    """
    step = max(1, threshold // 10)
    return -(-distance // step) * step
