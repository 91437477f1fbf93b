"""Three synthetic hash lists for the demo; some of their hashes are those of synthetic reports.

Every hash is a random number, nothing exists behind it. Two of the lists contradict each other
about a few files, so that the demo shows what a contradiction looks like.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from breakwater.hashlists import index
from breakwater.hashlists.actions.importing import apply_change
from breakwater.hashlists.actions.lists import Terms, create_list
from breakwater.hashlists.actions.receiving import Received, receive
from breakwater.hashlists.models import HashList
from breakwater.people.models import User
from breakwater.reports.models import Selector

UNIT_X = Terms(
    "Unit X",
    "Unit X of Testland (synthetic)",
    "Synthetic Evidence Act, section 12",
    scheme="industry",
    handling="authorities",
    conditions="Synthetic list. Not to be passed on outside of the task force.",
)
VIRAL = Terms(
    "Viral files (lowers)",
    "Example Child Helpline (synthetic)",
    "Synthetic agreement of 12 March 2025",
    direction="lower",
    handling="desk",
    conditions="Synthetic list. Widely shared files that lead to nobody new.",
)
CLEARING_HOUSE = Terms(
    "Clearing house",
    "Example Clearing House (synthetic)",
    "Synthetic treaty on the exchange of hashes, article 4",
    scheme="interpol",
    handling="providers",
    conditions="Synthetic list. May be told to providers as yes or no.",
)
GRADES = ("A1", "A2", "B1", "B1", "B2", "B2", "B2")
BASELINE = ("baseline", "baseline", "non-baseline", "irrelevant")


@dataclass(frozen=True, slots=True)
class Known:
    """Hashes of the desk's own reports: the most frequent digests first, and PDQ hashes."""

    md5: Sequence[str]
    pdq: Sequence[str]


def load_lists(*, seed: int, at: datetime) -> bool:
    """Make and fill the demo's lists; false if they are here already."""
    if HashList.objects.filter(name=UNIT_X.name).exists():
        return False
    known, rng = _known(), Random(seed)  # noqa: S311 - no secret
    viral, rest = known.md5[:8], known.md5[8:]
    by = User.objects.filter(username="supervisor").first() or "breakwater demo"
    plans = (
        (UNIT_X, _table(rng, rest[::9], known.pdq[::40], GRADES, fresh=2400)),
        (VIRAL, _table(rng, viral, (), ("viral",), fresh=150)),
        (CLEARING_HOUSE, _table(rng, (*rest[::15], *viral[:2]), (), BASELINE, fresh=900)),
    )
    for terms, text in plans:
        made = create_list(terms, by=by, at=at)
        received = Received(f"{terms.name.lower().replace(' ', '-')}-synthetic.csv", "table")
        change = receive(made, io.BytesIO(text.encode()), received, by=by, at=at)
        apply_change(change, at=at)
    index.update()
    return True


def _known() -> Known:
    def values(kind: str) -> list[str]:
        found = Selector.objects.filter(kind=kind).order_by("-frequency", "value")
        return list(found.values_list("value", flat=True)[:20_000])

    pdq = [value.removeprefix("pdq:") for value in values("phash") if value.startswith("pdq:")]
    return Known(values("md5"), pdq)


def _table(
    rng: Random, md5: Sequence[str], pdq: Sequence[str], grades: Sequence[str], *, fresh: int
) -> str:
    """A list as a unit would send it, known files last, with two lines that cannot be read."""
    lines = ["entry_id,md5,pdq,grade,media,note"]
    for number, (kind, value) in enumerate(_hashes(rng, md5, pdq, fresh), 1):
        cells = f"{value}," if kind == "md5" else f",{value}"
        media = "video" if rng.random() < 0.2 else "image"
        lines.append(f"{number:05},{cells},{rng.choice(grades)},{media},synthetic")
    lines += ["n1,not a hash,,A1,image,synthetic", "n2,abc123,,B2,image,synthetic"]
    return "\n".join(lines) + "\n"


def _hashes(
    rng: Random, md5: Sequence[str], pdq: Sequence[str], fresh: int
) -> Iterator[tuple[str, str]]:
    yield from (("md5", f"{rng.getrandbits(128):032x}") for _ in range(fresh))
    yield from (("md5", value) for value in md5)
    # A few bits off: PDQ is found within a distance.
    yield from (("pdq", f"{int(value, 16) ^ rng.getrandbits(6):064x}") for value in pdq)
