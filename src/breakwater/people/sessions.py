"""Opens and ends sessions with their audit entries, and says when one is over."""

from datetime import datetime, timedelta

from django.contrib.auth import login, logout
from django.db import transaction
from django.http import HttpRequest

from breakwater.custody.actions import record
from breakwater.people import rules
from breakwater.people.actions import target_of
from breakwater.people.models import User

_SIGNED_IN_AT = "signed_in_at"
_SEEN_AT = "seen_at"
# A session is not rewritten for every request: to the minute is exact enough.
_EXACT_TO = timedelta(minutes=1)


def sign_in(request: HttpRequest, user: User, *, at: datetime) -> None:
    with transaction.atomic():
        login(request, user)
        request.session[_SIGNED_IN_AT] = request.session[_SEEN_AT] = at.isoformat()
        record("people.session.opened", actor=user, target=target_of(user), at=at)


def sign_out(request: HttpRequest, user: User, *, at: datetime) -> None:
    with transaction.atomic():
        logout(request)
        record("people.session.closed", actor=user, target=target_of(user), at=at)


def end_if_over(request: HttpRequest, user: User, *, at: datetime) -> bool:
    """Sign somebody out whose session is over, and say whether it was."""
    session = request.session
    signed_in_at = datetime.fromisoformat(session.setdefault(_SIGNED_IN_AT, at.isoformat()))
    seen_at = datetime.fromisoformat(session.setdefault(_SEEN_AT, at.isoformat()))
    if not rules.session_is_over(signed_in_at, seen_at, at):
        if at - seen_at >= _EXACT_TO:
            session[_SEEN_AT] = at.isoformat()
        return False
    with transaction.atomic():
        logout(request)
        record("people.session.ended", actor="software", target=target_of(user), at=at)
    return True
