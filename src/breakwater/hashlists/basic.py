"""Knows a recipient by HTTP Basic (RFC 7617), and logs who tries secrets.

The right secret always opens, however many wrong ones came before: secrets are 256 random bits,
which nobody guesses, and a count that closed a door would let a stranger close it for others.
"""

import base64
import binascii
import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.http import HttpRequest

from breakwater.hashlists.actions.recipients import recipient_for
from breakwater.hashlists.models import Recipient
from breakwater.hashlists.rules.throttle import Throttle
from breakwater.people.client_address import client_address

log = logging.getLogger(__name__)
# Per server process.
FAILURES = Throttle(10, 300.0)
CHALLENGE = 'Basic realm="Breakwater", charset="UTF-8"'
Opened = TypeVar("Opened")


def recipient_of(request: HttpRequest) -> Recipient | None:
    """Give the recipient whose credentials a request carries, if any."""
    return opened_by(request, recipient_for)


def opened_by(
    request: HttpRequest, find: Callable[[str, str], Opened | None], failures: Throttle = FAILURES
) -> Opened | None:
    """Give what the request's user name and secret open, by a room's own `find`.

    Each room counts failures of its own.
    """
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        username, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    # Nobody's name holds NUL, and PostgreSQL refuses to look for one.
    found = None if "\0" in username else find(username, secret)
    if found is None:
        _tell(username, client_address(request), failures)
    return found


def _tell(username: str, address: str, failures: Throttle) -> None:
    """Log that wrong secrets come from somewhere: once in a while, however many they are."""
    source, now = f"{username}|{address}", time.monotonic()
    if failures.wait(source, now):
        return
    failures.count(source, now)
    if failures.wait(source, now):
        text = "%s wrong secrets for %r came from %s within %d seconds."
        log.warning(text, failures.limit, username[:64], address, failures.window)
