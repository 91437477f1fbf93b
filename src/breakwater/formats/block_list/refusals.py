"""What must not get onto a list unseen, and which names surely have nothing against them.

The guards ask about every name above one and cost some ten microseconds a name. Most names of a
list share what stands above them (`example`, `co.uk`, a host with many pages), so that is looked at
once, and the guards are asked only about a name that could be against them.
"""

from collections.abc import Callable, Set
from dataclasses import dataclass
from functools import lru_cache

from breakwater.formats.domain_name import NOT_IN_DNS, DomainName

_MEMORY = 100_000
_JUDGED = 10_000


def _nothing(name: str) -> str:
    return ""


def _never(label: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Refusals:
    """`judge` gives the key of the reason against a name in its normal form, "" for none.

    Since it cannot be asked a million times, it must have no reason against a name unless
    - the name is of `named`, or one above it is of `above`; or
    - the owner's own label, which stands below a top-level domain or a name of `named`, begins with
      `www` or is one letter; or
    - `odd` is true of one of its labels outside ASCII, as people read it.
    """

    judge: Callable[[str], str] = _nothing
    named: Set[str] = frozenset()
    above: Set[str] = frozenset()
    odd: Callable[[str], bool] = _never


CLEAR, OWNED, ASKED = 0, 1, 2
"""Below a name nothing is against others; below it owners begin; the guards are to be asked."""


class Above(dict[str, int]):
    """What a name means for the ones below it, remembered for a while; in any case of letters."""

    def __init__(self, refusals: Refusals) -> None:
        super().__init__()
        self.named, self.above = refusals.named, refusals.above | NOT_IN_DNS

    def __missing__(self, name: str) -> int:
        if len(self) > _MEMORY:
            self.clear()
        self[name] = found = self._look_at(name.lower())
        return found

    def _look_at(self, name: str) -> int:
        label, dot, rest = name.partition(".")
        above = self[rest] if dot else CLEAR
        if above == ASKED or name in self.above or (above == OWNED and is_mistyped(label)):
            return ASKED
        return OWNED if not dot or name in self.named else CLEAR


def is_mistyped(label: str) -> bool:
    """Whether an owner's own label looks as if more had been meant."""
    return len(label) == 1 or label.startswith("www")


class Sieve:
    """Asks the guards about those names only that they could be against."""

    def __init__(self, refusals: Refusals) -> None:
        self.refusals = refusals
        self.above = Above(refusals)
        self.judge = lru_cache(_JUDGED)(refusals.judge)

    def reason(self, domain: DomainName) -> str:
        """The key of the reason against a name, "" for none."""
        name, shown = domain
        label, _, rest = name.partition(".")
        above = self.above[rest]
        asked = (
            above == ASKED
            or (above == OWNED and is_mistyped(label))
            or name in self.refusals.named
            or ("xn--" in name and any(map(self.refusals.odd, shown.split("."))))
        )
        return self.judge(name) if asked else ""
