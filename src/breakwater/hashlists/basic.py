"""Knows a recipient by HTTP Basic (RFC 7617), and lets nobody try secrets for long."""

import base64
import binascii
import time
from collections.abc import Callable
from typing import TypeVar

from django.http import HttpRequest

from breakwater.hashlists.actions.recipients import recipient_for
from breakwater.hashlists.models import Recipient
from breakwater.hashlists.rules.throttle import Throttle

# Per server process: secrets are 256 random bits, so this keeps logs and processors quiet.
FAILURES = Throttle(10, 300.0)
CHALLENGE = 'Basic realm="Breakwater", charset="UTF-8"'
Opened = TypeVar("Opened")


def recipient_of(request: HttpRequest) -> Recipient | None:
    """Give the recipient whose credentials a request carries, if any and if not tried too often."""
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
    source, now = f"{username}|{request.META.get('REMOTE_ADDR', '')}", time.monotonic()
    if failures.wait(source, now):
        return None
    found = find(username, secret)
    if found is None:
        failures.count(source, now)
    return found
