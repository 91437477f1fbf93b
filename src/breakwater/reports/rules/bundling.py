"""Decides which bundle a report joins.

Two reports are one matter when they share a link of `data/bundling.toml`: the same
account, the same recipient, the same file, nearly the same picture. A link that has become
too common (its cap) or would make a bundle too large stops linking; pages say so. How many
reports a bundle holds plays no part in how it is weighed.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from breakwater.reports.rules import tables
from breakwater.reports.rules.identify import Selector

FILE = "bundling.toml"
# Pictures compare by distance, and only those that say enough to compare by.
COMPARED = "phash"
Near = Mapping[int, Sequence[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Links:
    """The table, turned round: (role, kind) -> (strength, via, cap), 0 is strongest."""

    by_role_and_kind: dict[tuple[str, str], tuple[int, str, int]]
    size_cap: int

    def cap(self, role: str, kind: str) -> int | None:
        found = self.by_role_and_kind.get((role, kind))
        return found[2] if found else None


@functools.cache
def links() -> Links:
    table = tables.read(FILE)
    found: dict[tuple[str, str], tuple[int, str, int]] = {}
    for strength, entry in enumerate(table["link"]):
        via = tables.require(entry, "via", str, FILE, f"link {strength + 1}")
        cap = tables.require(entry, "cap", int, FILE, via)
        for role in tables.require(entry, "roles", list, FILE, via):
            for kind in tables.require(entry, "kinds", list, FILE, via):
                found.setdefault((role, kind), (strength, via, cap))
    return Links(found, tables.require(table, "bundle_size_cap", int, FILE, "top"))


@dataclass(slots=True)
class Known:
    """What the desk holds of a selector before a set of reports: changed as they join."""

    frequency: int = 0
    bundle: int | None = None


@dataclass(slots=True)
class Group:
    """A bundle as bundling sees it. `is_free`: no person has touched it yet."""

    id: int
    size: int
    is_free: bool


@dataclass(slots=True)
class Joined:
    """A report's place: its bundle, why, and through which selector ("first": by none).

    `distance` is in bits, between the report's picture and the one it joined by.
    """

    bundle: int
    via: str
    selector: int | None
    distance: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    """A selector of a report by which it can be linked, and whether it still links."""

    selector: int
    via: str
    is_open: bool


@dataclass(slots=True)
class Bundler:
    """Places reports one after the other; the same order gives the same bundles.

    `fresh_ids` are numbers for new bundles. `near` holds for each picture the (selector,
    distance) of those nearly the same, itself among them, the nearest first. After the last
    report `merged` holds source -> (target, index of the report that connected them).
    """

    known: dict[int, Known]
    groups: dict[int, Group]
    fresh_ids: list[int]
    merged: dict[int, tuple[int, int]] = field(default_factory=dict)
    near: Near = field(default_factory=dict)

    def place(self, index: int, selectors: list[tuple[int, str, str]], *, linking: bool) -> Joined:
        """Place report `index` with its (selector id, role, kind); count them as seen.

        `linking` False (the parts of a batch) links through kind "batch" alone.
        """
        found = self._links(selectors) if linking else self._batch_link(selectors)
        joined = self._join(index, [link for link in found if link.is_open])
        for link in found:
            known = self.known[link.selector]
            if link.is_open and known.bundle is None:
                known.bundle = joined.bundle
        self.groups[joined.bundle].size += 1
        return joined

    def count(self, selectors: list[tuple[int, str, str]]) -> None:
        for sid in {sid for sid, _, _ in selectors}:
            self.known[sid].frequency += 1

    def current(self, bundle: int) -> int:
        """Follow merges to the bundle that a bundle is part of now."""
        while bundle in self.merged:
            bundle = self.merged[bundle][0]
        return bundle

    def _links(self, selectors: list[tuple[int, str, str]]) -> list[_Found]:
        table = links().by_role_and_kind
        found: dict[int, tuple[int, str, bool]] = {}
        for sid, role, kind in selectors:
            link = table.get((role, kind))
            if link is None or (kind == COMPARED and sid not in self.near):
                continue
            if sid not in found or link[0] < found[sid][0]:
                found[sid] = (link[0], link[1], self._reports_with(sid) < link[2])
        ordered = sorted(found.items(), key=lambda item: (item[1][0], item[0]))
        return [_Found(sid, via, is_open) for sid, (_, via, is_open) in ordered]

    def _reports_with(self, selector: int) -> int:
        """How many reports name it; pictures nearly the same count together."""
        return sum(self.known[sid].frequency for sid, _ in self._nearest(selector))

    def _nearest(self, selector: int) -> Sequence[tuple[int, int]]:
        return self.near.get(selector, ((selector, 0),))

    @staticmethod
    def _batch_link(selectors: list[tuple[int, str, str]]) -> list[_Found]:
        return [_Found(sid, "batch", True) for sid, _, kind in selectors if kind == "batch"]

    def _join(self, index: int, open_links: list[_Found]) -> Joined:
        target: Joined | None = None
        for link in open_links:
            for sid, distance in self._nearest(link.selector):
                bundle = self.known[sid].bundle
                if bundle is None:
                    continue
                group = self.groups[self.current(bundle)]
                if target is not None:
                    target.bundle = self._unite(index, self.groups[target.bundle], group)
                elif link.via == "batch" or group.size < links().size_cap:
                    target = Joined(group.id, link.via, sid, distance)
        if target is None:
            fresh = self.fresh_ids.pop(0)
            self.groups[fresh] = Group(fresh, 0, is_free=True)
            target = Joined(fresh, "first", None)
        return target

    def _unite(self, index: int, one: Group, other: Group) -> int:
        """Merge two bundles that a report connects, if nobody has touched either."""
        if one.id == other.id or not (one.is_free and other.is_free):
            return one.id
        if one.size + other.size >= links().size_cap:
            return one.id
        keep, give = (one, other) if one.id < other.id else (other, one)
        keep.size += give.size
        self.merged[give.id] = (keep.id, index)
        return keep.id


def batch_selector(md5: str, country: str) -> Selector:
    """Name what the parts of one viral batch share: the file and the country."""
    return Selector("file", "batch", f"{md5 or 'unknown'}|{country or 'unknown'}")
