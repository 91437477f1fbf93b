"""Gives providers their keys to the door, and takes them away."""

import hashlib
import hmac
import secrets
from datetime import datetime

from django.db import transaction

from breakwater.custody.actions import record as audit
from breakwater.people.models import User
from breakwater.reports.models import Provider, ProviderAccount


class NameTaken(Exception):
    """Another account already has this user name."""


def create_account(
    provider_name: str, username: str, *, by: User | str, at: datetime
) -> tuple[ProviderAccount, str]:
    """Open an account and give its secret, which is shown this once and kept as a digest.

    The secret is 256 random bits, so a plain SHA-256 keeps it safe and a filing costs no
    slow password hash.

    Raises:
        NameTaken: choose another user name.
    """
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        provider, _ = Provider.objects.get_or_create(name=provider_name.strip()[:255])
        account, is_new = ProviderAccount.objects.get_or_create(
            username=username,
            defaults={"provider": provider, "secret_sha256": _digest(secret), "created_at": at},
        )
        if not is_new:
            raise NameTaken(username)
        detail = {"provider": provider.name}
        audit("reports.account.created", actor=by, target=username, detail=detail, at=at)
    return account, secret


def set_active(account: ProviderAccount, active: bool, *, by: User | str, at: datetime) -> None:
    with transaction.atomic():
        ProviderAccount.objects.filter(pk=account.pk).update(is_active=active)
        detail = {"from": account.is_active, "to": active}
        audit("reports.account.changed", actor=by, target=account.username, detail=detail, at=at)


def account_for(username: str, secret: str) -> ProviderAccount | None:
    """Give the active account that these credentials open, if any."""
    account = ProviderAccount.objects.filter(username=username, is_active=True).first()
    kept = account.secret_sha256 if account else _digest("")
    fits = hmac.compare_digest(kept, _digest(secret))
    return account if fits and secret else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
