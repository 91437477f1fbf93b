"""Knows a recipient by HTTP Basic, and lets nobody try secrets for long."""

import base64
import binascii
import time

from django.http import HttpRequest

from breakwater.hashlists.actions.recipients import recipient_for
from breakwater.hashlists.models import Recipient
from breakwater.hashlists.rules.throttle import Throttle

# Per server process: secrets are 256 random bits, so this keeps logs and processors quiet.
FAILURES = Throttle(10, 300.0)


def recipient_of(request: HttpRequest) -> Recipient | None:
    """Give the recipient whose credentials a request carries, if any and if not tried too often."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        username, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    source, now = f"{username}|{request.META.get('REMOTE_ADDR', '')}", time.monotonic()
    if FAILURES.wait(source, now):
        return None
    found = recipient_for(username, secret)
    if found is None:
        FAILURES.count(source, now)
    return found
