"""What the demo's people do between two deliveries, with the same actions as real people.

Everything urgent and the strongest of the rest is taken on, and ended after a month; some of
what is weak is put away, a few bundles go to the prosecutor, and most waits: so the demo's
queue shows every state.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from django.db.models import Exists, OuterRef, QuerySet

from breakwater.people.models import Agency, AgencyKind, User
from breakwater.reports.actions import deciding
from breakwater.reports.models import Bundle, Report

WEAK = ("not_attributable", "too_little", "known_viral", "spam", "not_attributable")
ENDED = ("no_offence", "handled_elsewhere", "other_country", "not_attributable")
PUT_AWAY, TAKEN_ON = 0.12, 0.04
AT_MOST = 100  # what a small desk manages in six days
REFERRED = 3
ENDS_AFTER = timedelta(days=30)
URGENT_WAITS = timedelta(days=2)  # a weekend; nothing urgent is left in the queue for longer


def decide(at: datetime, *, seed: int) -> None:
    """Let the demo's people work through their bundles once."""
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    officers, supervisor = _people()
    if not officers or supervisor is None:
        return
    new = Bundle.objects.filter(state=Bundle.State.NEW)
    waiting = new.count()
    weak = _first(new.filter(is_urgent=False).order_by("score", "id"), waiting * PUT_AWAY)
    _put_away(weak, WEAK, officers, rng, at)
    for officer in officers:
        _end(officer, rng, at)
    urgent = list(new.filter(is_urgent=True).order_by("-score", "id").values_list("id", flat=True))
    others = new.filter(is_urgent=False).order_by("-score", "id")
    strong = urgent + _first(others, waiting * TAKEN_ON - len(urgent))
    _take_on(strong, officers, supervisor, at)
    _refer(strong[2 :: 2 * len(officers)][:REFERRED], officers[0], at)


def take_on_urgent(at: datetime) -> None:
    """Take on what has been urgent for two days; what became so since is left in the queue."""
    officers, supervisor = _people()
    if not officers or supervisor is None:
        return
    # A bundle may be old and urgent since today, or have a new report and be urgent for long.
    since = Report.objects.filter(
        memberships__bundle=OuterRef("pk"), is_urgent=True, received_at__lt=at - URGENT_WAITS
    )
    new = Bundle.objects.filter(Exists(since), state=Bundle.State.NEW, is_urgent=True)
    ids = list(new.order_by("-score", "id").values_list("id", flat=True))
    _take_on(ids, officers, supervisor, at)


def _people() -> tuple[list[User], User | None]:
    officers = list(User.objects.filter(username__in=("officer", "officer2")).order_by("id"))
    return officers, User.objects.filter(username="supervisor").first()


def _take_on(ids: list[int], officers: list[User], supervisor: User, at: datetime) -> None:
    for place, officer in enumerate(officers):
        mine = ids[place :: len(officers)]
        for start in range(0, len(mine), deciding.MAX_AT_ONCE):
            part = mine[start : start + deciding.MAX_AT_ONCE]
            deciding.assign(part, officer, by=supervisor, at=at)


def _first(bundles: QuerySet[Bundle], count: float) -> list[int]:
    return list(bundles.values_list("id", flat=True)[: max(0, min(int(count), AT_MOST))])


def _end(officer: User, rng: Random, at: datetime) -> None:
    """End what this officer has had for a month without anything new."""
    old = Bundle.objects.filter(
        assigned_to=officer, state=Bundle.State.OPEN, last_report_at__lt=at - ENDS_AFTER
    )
    _put_away(_first(old.order_by("id"), old.count() * 0.6), ENDED, [officer], rng, at)


def _put_away(
    ids: list[int], reasons: Sequence[str], officers: list[User], rng: Random, at: datetime
) -> None:
    piles: dict[tuple[str, int], list[int]] = {}
    for pk in ids:
        key = rng.choice(reasons), int(rng.random() * len(officers))
        piles.setdefault(key, []).append(pk)
    for (reason, who), pile in sorted(piles.items()):
        deciding.archive(pile, reason, by=officers[who], at=at)


def _refer(ids: list[int], officer: User, at: datetime) -> None:
    to = Agency.objects.filter(kind=AgencyKind.PROSECUTOR, is_synthetic=True).first()
    if to and ids:
        deciding.refer(ids, to, by=officer, at=at)
