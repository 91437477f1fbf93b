"""Finds the pictures of a set of reports that are nearly the same as earlier ones, and keeps them."""

from collections.abc import Iterable, Mapping

import numpy as np

from breakwater.formats.hash_entry import tells_pictures_apart
from breakwater.matching.pdq import MATCH_DISTANCE
from breakwater.matching.radius import RadiusIndex
from breakwater.reports import picture_index
from breakwater.reports.models import PhotodnaHash, PictureHash, Selector
from breakwater.reports.picture_index import rows_of
from breakwater.reports.rules.bundling import COMPARED, Known, Near
from breakwater.reports.rules.perceptual import pdq_code, photodna_code
from breakwater.storage import bulk

# Above the cap of `data/bundling.toml` a picture links nothing; farther ones make no difference.
MOST_NEAR = 64


def nearly_the_same(values: Mapping[int, tuple[str, str]], known: dict[int, Known]) -> Near:
    """For each picture among `values` the (selector, distance) of all those near it, itself first.

    What the desk holds of earlier pictures is added to `known`.
    """
    codes = {n: code for n, pair in values.items() if (code := _compared(*pair))}
    if not codes:
        return {}
    queries = rows_of(codes.values())
    archive = picture_index.current()
    archive.refresh()
    earlier = archive.index.search(queries, MATCH_DISTANCE)
    here = RadiusIndex.build(queries, np.array(list(codes), np.int64)).search(queries)
    near = {
        sid: sorted(
            dict(earlier.of(i)[:MOST_NEAR] + here.of(i)[:MOST_NEAR]).items(),
            key=lambda found: (found[1], found[0] != sid, found[0]),
        )
        for i, sid in enumerate(codes)
    }
    _add_known({n for found in near.values() for n, _ in found} - known.keys(), known)
    return near


def _compared(kind: str, value: str) -> bytes | None:
    code = pdq_code(value) if kind == COMPARED else None
    return code if code and tells_pictures_apart(code) else None


def _add_known(numbers: set[int], known: dict[int, Known]) -> None:
    rows = bulk.fetch_by_ids(Selector, ("id", "frequency", "bundle"), numbers)
    known.update({pk: Known(frequency, bundle) for pk, frequency, bundle in rows})


def keep(selectors: Iterable[tuple[object, ...]]) -> None:
    """Number the PDQ and PhotoDNA values among new `selectors` (number, kind, value, …)."""
    pictures, photodna = [], []
    for number, kind, value, *_ in selectors:
        if kind != COMPARED:
            continue
        if code := pdq_code(str(value)):
            pictures.append((number, code))
        elif code := photodna_code(str(value)):
            photodna.append((number, code))
    bulk.insert(PictureHash, ("selector", "code"), pictures)
    bulk.insert(PhotodnaHash, ("selector", "code"), photodna)
