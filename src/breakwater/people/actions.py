"""What is done to people, agencies and keys: one function per verb, with its audit entry."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from breakwater.custody.actions import record
from breakwater.people import rules
from breakwater.people.models import Agency, ApiToken, User

# No letters and digits that are mistaken for each other when read out on the telephone.
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"


class NameTaken(Exception):
    """A person or an agency of this name exists already."""


class RoleDoesNotFit(Exception):
    """This kind of agency has no people of this role."""


class NotYourself(Exception):
    """An administrator may not do this to their own account."""


class NotAllowed(Exception):
    """This person's role has no use for what they asked for."""


def agency_named(name: str) -> Agency | None:
    """The agency of this name. Two spellings of one would be two that list a domain together."""
    return next((a for a in Agency.objects.all() if rules.plain(a.name) == rules.plain(name)), None)


def add_agency(name: str, kind: str, country: str, *, by: User | str, at: datetime) -> Agency:
    """Enter an agency.

    Raises:
        NameTaken: an agency of this name exists, in whatever capitals and spaces.
    """
    with transaction.atomic():
        if agency_named(name):
            raise NameTaken(name)
        agency, is_new = Agency.objects.get_or_create(
            name=name.strip(), defaults={"kind": kind, "country": country}
        )
        if not is_new:
            raise NameTaken(name)
        detail = {"kind": kind, "country": country}
        record("people.agency.added", actor=by, target=f"agency {agency}", detail=detail, at=at)
    return agency


def add_person(
    person: User, agency: Agency, role: str, *, by: User | str, at: datetime
) -> tuple[User, str]:
    """Enter a person (unsaved, with names only) and give their first password.

    Raises:
        RoleDoesNotFit: choose another role or agency.
        NameTaken: a person of this user name exists.
    """
    _require_fit(role, agency)
    person.agency, person.role = agency, role
    password = _hand_out_password(person, at)
    detail = {"role": role, "agency": agency.name}
    try:
        with transaction.atomic():
            person.save(force_insert=True)
            record("people.person.added", actor=by, target=target_of(person), detail=detail, at=at)
    except IntegrityError as error:
        raise NameTaken(person.username) from error
    return person, password


def change_place(person: User, agency: Agency, role: str, *, by: User, at: datetime) -> None:
    """Give a person another role or agency.

    Raises:
        NotYourself: an administrator would give themselves rights.
        RoleDoesNotFit: choose another role or agency.
    """
    _require_other(person, by)
    _require_fit(role, agency)
    with transaction.atomic():
        kept = User.objects.select_for_update().get(pk=person.pk)
        before = {"role": kept.role, "agency": kept.audit_agency}
        kept.agency, kept.role = agency, role
        kept.save(update_fields=["agency", "role"])
        detail = {"from": before, "to": {"role": role, "agency": agency.name}}
        record("people.person.moved", actor=by, target=target_of(kept), detail=detail, at=at)


def set_active(person: User, active: bool, *, by: User, at: datetime) -> None:
    """Close a person's account, or open it again; open sessions and keys stop at once.

    Raises:
        NotYourself: somebody has to be left who can undo it.
    """
    _require_other(person, by)
    verb = "people.person.reactivated" if active else "people.person.deactivated"
    with transaction.atomic():
        User.objects.filter(pk=person.pk).update(is_active=active)
        record(verb, actor=by, target=target_of(person), at=at)


def reset_password(person: User, *, by: User, at: datetime) -> str:
    """Hand out a new first password. Sessions end, and so do keys: they may be why.

    Raises:
        NotYourself: your own password is changed on your own page.
    """
    _require_other(person, by)
    with transaction.atomic():
        password = _hand_out_password(person, at)
        person.save(update_fields=["password", "first_password_until"])
        keys, _ = ApiToken.objects.filter(user=person).delete()
        detail = {"keys_revoked": keys}
        record("people.password.reset", actor=by, target=target_of(person), detail=detail, at=at)
    return password


def change_own_password(user: User, password: str, *, at: datetime) -> None:
    with transaction.atomic():
        user.set_password(password)
        user.first_password_until = None
        user.save(update_fields=["password", "first_password_until"])
        record("people.password.changed", actor=user, target=target_of(user), at=at)


def set_preferences(user: User, *, at: datetime) -> None:
    """Keep language, time zone, theme and shortcuts as they now stand on `user`."""
    names = ["language", "time_zone", "theme", "uses_shortcuts"]
    with transaction.atomic():
        user.save(update_fields=names)
        detail = {name: getattr(user, name) for name in names}
        record("people.preferences.set", actor=user, target=target_of(user), detail=detail, at=at)


def make_token(user: User, name: str, days: int, *, at: datetime) -> tuple[ApiToken, str]:
    """Make a key for the read API and give it; only its digest is kept.

    Raises:
        NotAllowed: this role does not read through the API.
    """
    kind = user.agency.kind if user.agency else ""
    if days not in rules.TOKEN_DAYS or not rules.may(user.role, kind, "api.read"):
        raise NotAllowed(f"{user.role}, {days} days")
    key = f"bw_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=user,
            name=name,
            digest=key_digest(key),
            created_at=at,
            expires_at=at + timedelta(days=days),
        )
        detail = {"name": name, "days": days}
        record("people.key.made", actor=user, target=target_of(user), detail=detail, at=at)
    return token, key


def revoke_token(token: ApiToken, *, by: User, at: datetime) -> None:
    with transaction.atomic():
        detail = {"name": token.name}
        record("people.key.revoked", actor=by, target=target_of(token.user), detail=detail, at=at)
        token.delete()


def key_digest(key: str) -> str:
    """The key is 256 random bits, so a plain hash is enough to keep."""
    return hashlib.sha256(key.encode()).hexdigest()


def note_failed_sign_in(username: str, *, is_locked: bool, at: datetime) -> None:
    """Record that somebody failed to sign in; who it was is not known, so nobody is named."""
    known = User.objects.filter(username=username).exists()
    # What was typed may be a password in the wrong box: only names that exist are kept.
    target = f"person {username}" if known else ""
    with transaction.atomic():
        detail = {"locked": is_locked}
        record("people.session.refused", actor="not known", target=target, detail=detail, at=at)


def _hand_out_password(person: User, at: datetime) -> str:
    groups = ("".join(secrets.choice(_SIGNS) for _ in range(5)) for _ in range(4))
    password = "-".join(groups)
    person.set_password(password)
    person.first_password_until = at + rules.FIRST_PASSWORD_LIFE
    return password


def _require_fit(role: str, agency: Agency) -> None:
    if not rules.fits(role, agency.kind):
        raise RoleDoesNotFit(f"{role} in {agency.kind}")


def _require_other(person: User, by: User) -> None:
    if person.pk == by.pk:
        raise NotYourself(by.username)


def target_of(person: User) -> str:
    return f"person {person.username}"
