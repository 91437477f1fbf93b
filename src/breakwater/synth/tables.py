"""Reads `data/world.toml`: the published weights that the synthetic stream is drawn from."""

import functools
import ipaddress
import tomllib
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import accumulate
from random import Random
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Provider:
    """A service that does not exist, with the weight of one that does."""

    name: str
    kind: str
    domain: str
    weight: int


@dataclass(frozen=True, slots=True)
class Country:
    """Networks as (first, last) numbers; `phones` are prefixes reserved for fiction."""

    code: str
    weight: int
    region: str
    offset: str
    home: tuple[int, int]
    shared: tuple[int, int]
    ipv6: tuple[int, int]
    phones: tuple[str, ...]


class Weighted(Generic[T]):
    """Draws from values by weight."""

    def __init__(self, values: Sequence[T], weights: Sequence[float]) -> None:
        self.values = list(values)
        self._sums = list(accumulate(weights))

    def draw(self, rng: Random) -> T:
        return self.values[bisect(self._sums, rng.random() * self._sums[-1])]


@functools.cache
def _table() -> dict[str, Any]:
    path = resources.files("breakwater.synth") / "data" / "world.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@functools.cache
def shares() -> dict[str, float]:
    return dict(_table()["shares"])


@functools.cache
def types() -> Weighted[str]:
    weights = _table()["types"]
    return Weighted(list(weights), list(weights.values()))


@functools.cache
def providers() -> Weighted[Provider]:
    found = [Provider(**entry) for entry in _table()["provider"]]
    return Weighted(found, [p.weight for p in found])


@functools.cache
def countries() -> dict[str, Country]:
    return {entry["code"]: _country(entry) for entry in _table()["country"]}


def _country(entry: dict[str, Any]) -> Country:
    return Country(
        code=entry["code"],
        weight=entry["weight"],
        region=entry["region"],
        offset=entry["offset"],
        home=_span(entry["home"]),
        shared=_span(entry["shared"]),
        ipv6=_span(entry["ipv6"]),
        phones=tuple(entry["phones"]),
    )


def _span(network: str) -> tuple[int, int]:
    net = ipaddress.ip_network(network)
    return int(net[0]), int(net[-1])


@functools.cache
def mix(home: str) -> Weighted[Country]:
    """Weigh the countries of a desk's reports: mostly its own, then by the published table.

    Raises:
        UnknownCountry: the world has no networks for it.
    """
    everyone = list(countries().values())
    if not home:
        return Weighted(everyone, [c.weight for c in everyone])
    if home not in countries():
        raise UnknownCountry(home)
    others = [c for c in everyone if c.code != home]
    # Half of what lies elsewhere lies in the neighbourhood; the rest follows the table.
    near = sum(c.weight for c in others if c.region == countries()[home].region)
    total = sum(c.weight for c in others)
    elsewhere = 1 - shares()["own_country"]
    weights = [
        elsewhere
        * (0.5 * c.weight / total + 0.5 * (c.region == countries()[home].region) * c.weight / near)
        for c in others
    ]
    return Weighted([countries()[home], *others], [shares()["own_country"], *weights])


class UnknownCountry(Exception):
    """The synthetic world has no such country; the message lists those it has."""

    def __init__(self, code: str) -> None:
        super().__init__(f"«{code}» is not in the synthetic world; use one of "
                         f"{', '.join(sorted(countries()))}")  # fmt: skip
