"""Invents names that only one recipient is given, so that a leaked copy says whose it was.

A canary has to look like its neighbours, or whoever leaks strips it: no `.invalid`, no mark. And
it may never be anybody's name, or we would block a bystander. Both hold for names one label below
a domain that the operator of the desk has registered and uses for nothing else: nobody but the
operator can put a name there, and the domain itself is never blocked. A desk that owns none
invents below reserved `.example` domains: safe for everybody, easy to strip, for demonstrations.

What one reader of one copy cannot see, two readers of two copies can: names that the copies do
not share are canaries. Stripped of them, the copy says nothing; see `chance_of_none`.
"""

import random
from collections.abc import Collection, Sequence

# Below RFC 2606's reserved domains, for desks that have registered nothing.
RESERVED = ("harbour-lane.example", "quietfield.example", "mossgate.example")
COUNT = 8
_ONSETS = ("b", "c", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z",
           "br", "cl", "dr", "fl", "gr", "pl", "st", "tr")  # fmt: skip
_VOWELS = ("a", "e", "i", "o", "u")
_ENDS = ("", "", "n", "r", "l", "s", "x", "m")
_TAILS = ("", "", "", "online", "pics", "net", "box", "24", "hub", "club")


def invent(
    domains: Sequence[str], taken: Collection[str], chance: random.Random, count: int = COUNT
) -> list[str]:
    """Give so many new names below these domains, none of them taken, in order.

    Each is one of more than 10^8, so a leaker cannot name another recipient's by guessing.
    """
    found: set[str] = set()
    while len(found) < count:
        name = f"{_word(chance)}.{chance.choice(domains)}"
        if name not in taken:
            found.add(name)
    return sorted(found)


def _word(chance: random.Random) -> str:
    syllables = (chance.choice(_ONSETS) + chance.choice(_VOWELS) for _ in range(4))
    return "".join(syllables) + chance.choice(_ENDS) + chance.choice(_TAILS)


def chance_of_none(share: float, canaries: int) -> float:
    """How likely a copy with this share of the list, taken blindly, has none of its canaries."""
    return (1.0 - min(max(share, 0.0), 1.0)) ** canaries
