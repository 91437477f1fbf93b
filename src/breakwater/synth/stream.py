"""Gives a stream of synthetic reports as the doors would hand them over.

The same arguments give the same bytes.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from breakwater.reports.actions.accept import Document
from breakwater.synth import ispws_xml, le_json
from breakwater.synth.world import Case, World

FORMATS = ("filing", "le_json")


def documents(
    count: int,
    *,
    seed: int,
    country: str,
    start: datetime,
    end: datetime,
    formats: Sequence[str] = FORMATS,
    urgent: int | None = None,
) -> Iterator[Document]:
    """Give `count` reports of a desk in `country` ("" = the whole world), in order of receipt.

    The report in place `urgent` is urgent and has nothing in common with those before it, beside
    those that chance makes urgent.

    Raises:
        UnknownCountry: the synthetic world has no networks for it.
    """
    world = World(seed=seed, home=country, formats=tuple(formats), urgent=urgent)
    for case in world.cases(count, start, end):
        yield document(case)


def document(case: Case) -> Document:
    """Write one case down, for the door it comes through."""
    at = datetime.fromtimestamp(case.at, UTC)
    if case.is_police_side:
        data, number, suffix = le_json.report(case), f"C-{case.number}", "json"
        return Document(f"{number}.{suffix}", "le_json", data, number, "", at)
    data, number, suffix = ispws_xml.filing(case), f"P-{case.number}", "filing"
    return Document(f"{number}.{suffix}", "filing", data, number, case.provider.name, at)
