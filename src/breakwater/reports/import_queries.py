"""Reads of deliveries at the police door, for their pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, IntegerField, QuerySet, TextField, Value
from django.db.models.expressions import ExpressionWrapper
from django.db.models.functions import Cast, Length, Replace

from breakwater.reports.actions.importing import counts
from breakwater.reports.models import Delivery, Door, Original, Report

REFUSED = '"result": "refused"'
SHOWN = ("all", "problems", "accepted", "repeat", "refused", "hashed")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a delivery is: of `stored` reports, `read` are reports on the desk by now."""

    state: str
    counts: dict[str, int]
    stored: int
    read: int
    stuck: int

    @property
    def is_done(self) -> bool:
        return self.state == Delivery.State.DONE


def police_deliveries() -> QuerySet[Delivery]:
    """Deliveries, newest first, with `refused`: how many of their files were not taken.

    Counted in the text of the results, whose inner quotes are escaped, so that a list
    page does not fetch megabytes of them.
    """
    text = Cast("results", TextField())
    shorter = Length(Replace(text, Value(REFUSED), Value("")))
    refused = ExpressionWrapper(
        (Length(text) - shorter) / len(REFUSED), output_field=IntegerField()
    )
    found = Delivery.objects.filter(door=Door.POLICE).annotate(refused=refused)
    return found.defer("results").order_by(F("received_at").desc(), "-pk")


def delivery(pk: int) -> Delivery | None:
    return Delivery.objects.filter(pk=pk, door=Door.POLICE).first()


def progress(of: Delivery) -> Progress:
    found = counts(of.results)
    originals = Original.objects.filter(delivery=of)
    # Both states have an index of their own; the delivery has none.
    waiting = originals.filter(state=Original.State.WAITING).count()
    stuck = originals.filter(state=Original.State.STUCK).count()
    stored = found["accepted"]
    read = max(0, stored - waiting - stuck)
    return Progress(of.state, found, stored, read, stuck)


def shown_results(of: Delivery, which: str) -> list[dict[str, Any]]:
    """The results of a delivery, all or of one kind; problems are what was not taken."""
    wanted = {"refused"} if which == "problems" else {which}
    return [r for r in of.results if which == "all" or r["result"] in wanted]


def numbers_on_the_desk(results: Iterable[dict[str, Any]]) -> set[str]:
    """Which of the results' reports have been read and can be opened."""
    numbers = {r["number"] for r in results if r.get("number")}
    return set(Report.objects.filter(number__in=numbers).values_list("number", flat=True))


def stuck_originals(of: Delivery | None = None) -> QuerySet[Original]:
    """Originals that could not be read, oldest first, without their bytes."""
    found = Original.objects.filter(state=Original.State.STUCK).defer("content").order_by("pk")
    return found.filter(delivery=of) if of else found
