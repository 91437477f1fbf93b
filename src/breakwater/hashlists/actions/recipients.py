"""Knows the accounts of authorities and providers that pull lists or look hashes up."""

import hashlib
import hmac

from breakwater.hashlists.models import Recipient


def recipient_for(username: str, secret: str) -> Recipient | None:
    """Give the active recipient that these credentials open, if any."""
    found = Recipient.objects.filter(username=username, is_active=True).first()
    kept = found.secret_sha256 if found else digest("")
    fits = hmac.compare_digest(kept, digest(secret))
    return found if fits and secret else None


def digest(secret: str) -> str:
    """A secret as it is kept: it is 256 random bits, so a plain SHA-256 keeps it safe."""
    return hashlib.sha256(secret.encode()).hexdigest()
