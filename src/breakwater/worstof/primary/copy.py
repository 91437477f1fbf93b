"""A provider's copy of the list in memory, of which a change of one name touches one bucket."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from breakwater.worstof.primary import zone_file
from breakwater.worstof.rules.zone_digest import bucket_digest, bucket_of


@dataclass
class Copy:
    """The names of one serial, by bucket, so that a change of one name is checked in no time."""

    serial: int = 0
    names: dict[int, set[str]] = field(default_factory=dict)
    digests: dict[int, bytes] = field(default_factory=dict)
    record: tuple[str, ...] = ()
    between: frozenset[str] = frozenset()  # names between two listed ones, see `nesting`
    # Each bucket as it stands in the file, so that a change of one name writes one anew.
    texts: dict[int, str] = field(default_factory=dict)

    def changed(self, adds: set[str], removes: set[str]) -> "Copy":
        """Another copy with these changes; this one stays as it is until the other is checked."""
        names, digests, texts = dict(self.names), dict(self.digests), dict(self.texts)
        touched: set[int] = set()
        for number, name, is_new in (
            *((bucket_of(n), n, False) for n in removes),
            *((bucket_of(n), n, True) for n in adds),
        ):
            if number not in touched:
                names[number] = set(names.get(number, ()))
                touched.add(number)
            (names[number].add if is_new else names[number].discard)(name)
        digests.update({number: bucket_digest(names[number]) for number in touched})
        texts.update({number: zone_file.records(sorted(names[number])) for number in touched})
        return Copy(self.serial, names, digests, self.record, self.between, texts)

    def every(self) -> Iterator[str]:
        for number in sorted(self.names):
            yield from sorted(self.names[number])

    def lists(self, name: str) -> bool:
        return name in self.names.get(bucket_of(name), ())


def difference(old: Copy, new: Copy) -> tuple[set[str], set[str]]:
    """The names that came and those that left; buckets that both copies share cost nothing."""
    came: set[str] = set()
    left: set[str] = set()
    for number in old.names.keys() | new.names.keys():
        before, after = old.names.get(number, set()), new.names.get(number, set())
        if before is not after:
            came |= after - before
            left |= before - after
    return came, left
