"""What must not get onto a list unseen, and which names surely have nothing against them.

The guards ask about every name above one and cost some ten microseconds a name. Most names of a
list share what stands above them (`example`, `co.uk`, a host with many pages), so that is looked at
once, and the guards are asked only about a name that they could be against.
"""

from collections.abc import Callable, Set
from dataclasses import dataclass
from functools import lru_cache

from breakwater.formats._core import SureNames
from breakwater.formats.domain_name import (
    LONGEST,
    LONGEST_LABEL,
    NOT_IN_DNS,
    DomainName,
    sure_letter,
)

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


class Sieve:
    """Asks the guards about those names only that they could be against.

    `sure` takes lines and adds to `names` those against which nothing can be.
    """

    def __init__(self, refusals: Refusals, names: set[str]) -> None:
        self.odd = refusals.odd
        self.judge = lru_cache(_JUDGED)(refusals.judge)
        self.sure = SureNames(
            names, named=refusals.named, asked=refusals.above | NOT_IN_DNS, letter=sure_letter,
            odd=refusals.odd, longest_label=LONGEST_LABEL, longest=LONGEST,
        )  # fmt: skip

    def reason(self, domain: DomainName) -> str:
        """The key of the reason against a name, "" for none."""
        name, shown = domain
        asked = self.sure.asks(name) or ("xn--" in name and any(map(self.odd, shown.split("."))))
        return self.judge(name) if asked else ""
