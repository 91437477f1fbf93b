"""How much waits for a person who answers appeals and signs held changes, in counts."""

from breakwater.people.models import User
from breakwater.worstof.models import Appeal, HeldChange
from breakwater.worstof.queries import hands
from breakwater.worstof.queries.appeals import visible
from breakwater.worstof.queries.board import lands


def appeals(user: User) -> int:
    return visible(user).filter(state=Appeal.State.OPEN).count()


def held(user: User) -> int:
    """Those that this person has not signed."""
    found = HeldChange.objects.filter(state=HeldChange.State.WAITING, country__in=lands(user))
    return sum(not hands.has_signed(user, change.signatures.all()) for change in found)
