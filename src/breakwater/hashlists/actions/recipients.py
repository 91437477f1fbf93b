"""Accounts of authorities and providers that pull lists or look hashes up, and what they may."""

import hashlib
import hmac
import secrets
from datetime import datetime

from django.db import transaction

from breakwater.custody.actions import record
from breakwater.hashlists.models import HashList, Recipient
from breakwater.hashlists.rules.voices import may_be_told
from breakwater.people.models import User


class RecipientExists(ValueError):
    """Another recipient has this name or user name."""


class NotToBeTold(ValueError):
    """The list's conditions do not allow recipients of this sort."""


def create_recipient(
    name: str,
    username: str,
    sort: str,
    *,
    by: User | str,
    at: datetime,
    may_look_up: bool = False,
) -> tuple[Recipient, str]:
    """Open an account and give its secret, which is shown this once and kept as a digest.

    Raises:
        RecipientExists: choose another name.
        ValueError: the sort is none of `Recipient.Sort`, or a name is empty or has a colon.
    """
    name, username = name.strip(), username.strip()
    if sort not in Recipient.Sort.values:
        raise ValueError(f"{sort}: expected one of {', '.join(Recipient.Sort.values)}")
    if not name or not username or ":" in username:
        raise ValueError("a recipient needs a name, and a user name without a colon")
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        named = Recipient.objects.filter(name=name) | Recipient.objects.filter(username=username)
        if named.exists():
            raise RecipientExists(f"{name}, {username}")
        made = Recipient.objects.create(
            name=name, username=username, sort=sort, secret_sha256=digest(secret),
            may_look_up=may_look_up, created_at=at,
        )  # fmt: skip
        detail = {"sort": sort, "name": name, "may_look_up": may_look_up}
        record("hashlists.recipient.created", actor=by, at=at, target=username, detail=detail)
    return made, secret


def set_active(recipient: Recipient, active: bool, *, by: User | str, at: datetime) -> None:
    """Close an account, at once, or open it again."""
    with transaction.atomic():
        Recipient.objects.filter(pk=recipient.pk).update(is_active=active)
        detail = {"from": recipient.is_active, "to": active}
        target = recipient.username
        record("hashlists.recipient.changed", actor=by, at=at, target=target, detail=detail)
    recipient.is_active = active


def grant(recipient: Recipient, hash_list: HashList, *, by: User | str, at: datetime) -> None:
    """Let a recipient pull a list.

    Raises:
        NotToBeTold: who gave the list does not allow it.
    """
    if not may_be_told(hash_list.handling, recipient.sort):
        raise NotToBeTold(hash_list.name)
    with transaction.atomic():
        recipient.may_pull.add(hash_list)
        detail = {"recipient": recipient.username}
        record("hashlists.list.granted", actor=by, at=at, target=hash_list.name, detail=detail)


def withdraw(recipient: Recipient, hash_list: HashList, *, by: User | str, at: datetime) -> None:
    """Stop a recipient from pulling a list; what it has pulled already it keeps."""
    with transaction.atomic():
        recipient.may_pull.remove(hash_list)
        detail = {"recipient": recipient.username}
        record("hashlists.list.withdrawn", actor=by, at=at, target=hash_list.name, detail=detail)


def recipient_for(username: str, secret: str) -> Recipient | None:
    """Give the active recipient that these credentials open, if any."""
    found = Recipient.objects.filter(username=username, is_active=True).first()
    kept = found.secret_sha256 if found else digest("")
    fits = hmac.compare_digest(kept, digest(secret))
    return found if fits and secret else None


def digest(secret: str) -> str:
    """A secret as it is kept: it is 256 random bits, so a plain SHA-256 keeps it safe."""
    return hashlib.sha256(secret.encode()).hexdigest()
