"""Gives the synthetic files: which are new, which came before, and which only look alike.

Nothing is hashed and nothing exists behind the values: they are random numbers that
repeat as the real stream repeats.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from random import Random

from breakwater.synth.tables import shares

KEPT = 50_000
SUFFIXES = ("jpg", "jpg", "jpg", "mp4", "mp4", "png", "mov", "webm")
CLASSES = ("", "", "", "A1", "A2", "B1", "B2", "B2")
MARKS = (
    ("viral", 0.02), ("potentialMeme", 0.02), ("possibleSelfProduction", 0.06), ("infant", 0.012),
    ("animeDrawingVirtualHentai", 0.02), ("physicalHarm", 0.008), ("violenceGore", 0.006),
    ("bestiality", 0.006), ("liveStreaming", 0.004), ("generativeAi", 0.015),
)  # fmt: skip


@dataclass(slots=True)
class Item:
    """A file as reports name it; `marks` in the reporting API's words."""

    md5: str
    sha1: str
    sha256: str
    pdq: str
    size: int
    suffix: str
    marks: tuple[str, ...]
    grade: str


class FilePool:
    """Draws files so that the shares of distinct values hold."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._seen: list[Item] = []
        self._viral: list[Item] = []
        self._made = 0
        self._drawn = 0

    def draw(self, own: Sequence[Item], here: Container[str] = ()) -> Item:
        """Draw a file for somebody who already has `own`, none of whose MD5 is in `here`."""
        self._drawn += 1
        # Steered by what was drawn so far, so that short streams keep the share as well.
        if self._made >= shares()["md5_unique"] * self._drawn and self._seen:
            for _ in range(3):
                item = self._again(own)
                if item.md5 not in here:
                    return item
        return self.new()

    def viral(self) -> Item:
        """Draw one of the files that everybody has seen."""
        if not self._viral or len(self._viral) ** 2 * 400 < self._drawn:
            self._viral.append(self._make(marks=("viral", "potentialMeme")))
        # The few best known come most often.
        return self._viral[int(len(self._viral) * self._rng.random() ** 2)]

    def _again(self, own: Sequence[Item]) -> Item:
        rng = self._rng
        kind = rng.random()
        if own and kind < 0.45:
            return rng.choice(own)
        if kind < 0.97:
            known = len(self._viral)
            item = self.viral()
            self._made += len(self._viral) - known
            return item
        return rng.choice(self._seen)

    def new(self) -> Item:
        """Make a file that nobody had before."""
        rng = self._rng
        self._made += 1
        draw = rng.random
        marks: tuple[str, ...] = ()
        if draw() < 0.16:
            marks = tuple(name for name, share in MARKS if draw() < share * 6)
        item = self._make(marks=marks)
        alike = 1 - shares()["perceptually_unique"] / shares()["md5_unique"]
        if self._seen and draw() < alike:
            item.pdq = rng.choice(self._seen).pdq
        if len(self._seen) < KEPT:
            self._seen.append(item)
        else:
            self._seen[int(draw() * KEPT)] = item
        return item

    def _make(self, *, marks: tuple[str, ...]) -> Item:
        rng = self._rng
        digits = f"{rng.getrandbits(928):0232x}"
        suffix = SUFFIXES[int(rng.random() * len(SUFFIXES))]
        size = int(rng.lognormvariate(12 if suffix in ("jpg", "png") else 15, 1.0))
        grade = CLASSES[int(rng.random() * len(CLASSES))]
        return Item(
            digits[:32], digits[32:72], digits[72:136], digits[136:200], size, suffix, marks, grade
        )
