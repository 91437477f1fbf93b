"""Making, changing and retiring lists."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from breakwater.custody.actions import record
from breakwater.hashlists import scales
from breakwater.hashlists.actions.entries import ENTRIES_LOCK
from breakwater.hashlists.actions.matched import TERMS
from breakwater.hashlists.clock import Clock
from breakwater.hashlists.models import HashList, ListChange
from breakwater.hashlists.queries.told import told_of
from breakwater.hashlists.rules.voices import is_valid
from breakwater.people.models import User
from breakwater.storage import bulk


class NotALegalBasis(ValueError):
    """A list was to be made without saying who vouches for it or by what right it is held."""


class NameTaken(ValueError):
    """Another list has this name."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for a whole list."""

    name: str
    source: str
    legal_basis: str
    scheme: str = "own"
    direction: str = "raise"
    handling: str = "desk"
    conditions: str = ""
    valid_from: date | None = None
    valid_until: date | None = None


def create_list(terms: Terms, *, by: User | str, at: datetime) -> HashList:
    """Make an empty list.

    Raises:
        NotALegalBasis: source or legal basis is empty.
        NameTaken: a list of this name exists.
        ValueError: the scheme is none of `scales.known`.
    """
    _check_basis(terms)
    if terms.scheme not in scales.known():
        raise ValueError(f"{terms.scheme}: expected one of {', '.join(scales.known())}")
    with transaction.atomic():
        if HashList.objects.filter(name=terms.name).exists():
            raise NameTaken(terms.name)
        made = HashList.objects.create(
            created_at=at,
            was_valid=is_valid(_day(at), terms.valid_from, terms.valid_until),
            created_by=by if isinstance(by, User) else None,
            **{name: getattr(terms, name) for name in terms.__slots__},
        )
        record("hashlists.list.created", actor=by, at=at, target=made.name)
    return made


# What may change of a list that is in use. Another direction or other grades make another list.
CHANGEABLE = (
    "name", "source", "legal_basis", "handling", "conditions", "valid_from", "valid_until",
)  # fmt: skip


def terms_of(hash_list: HashList) -> Terms:
    return Terms(**{name: getattr(hash_list, name) for name in Terms.__slots__})


def change_terms(hash_list: HashList, terms: Terms, *, by: User | str, at: datetime) -> list[str]:
    """Change what holds for a list; give the names of the terms that changed.

    A list that begins or ceases to speak by its new validity meets the archive at the worker's
    next look. The log keeps each term as it was and as it is.

    Raises:
        NotALegalBasis: source or legal basis would be empty.
        NameTaken: another list has the name.
        ValueError: direction or scheme would change.
    """
    _check_basis(terms)
    with transaction.atomic():
        held = HashList.objects.select_for_update().get(pk=hash_list.pk)
        before = terms_of(held)
        changed = [n for n in Terms.__slots__ if getattr(before, n) != getattr(terms, n)]
        if fixed := [name for name in changed if name not in CHANGEABLE]:
            raise ValueError(f"{', '.join(fixed)}: make another list")
        if HashList.objects.filter(name=terms.name).exclude(pk=held.pk).exists():
            raise NameTaken(terms.name)
        if changed:
            new = {name: getattr(terms, name) for name in changed}
            HashList.objects.filter(pk=held.pk).update(**new)
            detail = {n: [_said(getattr(before, n)), _said(new[n])] for n in changed}
            record("hashlists.list.changed", actor=by, at=at, target=before.name, detail=detail)
    hash_list.refresh_from_db()
    return changed


def _said(value: str | date | None) -> str:
    return value.isoformat() if isinstance(value, date) else value or ""


def _check_basis(terms: Terms) -> None:
    if not terms.source.strip() or not terms.legal_basis.strip():
        raise NotALegalBasis("say who vouches for the list and by what right it is held")


def retire_list(hash_list: HashList, *, by: User | str, at: datetime) -> None:
    """Stop a list from speaking; its entries are kept, and `reinstate_list` takes it back."""
    _set_retired(hash_list, True, "hashlists.list.retired", by=by, at=at)


def reinstate_list(hash_list: HashList, *, by: User | str, at: datetime) -> None:
    """Let a retired list speak again.

    Recipients were told that its entries are gone, so they are told of them anew.
    """
    _set_retired(hash_list, False, "hashlists.list.reinstated", by=by, at=at)


def follow_validity(at: datetime) -> bool:
    """Let lists whose validity began or lapsed meet the archive again; true when there were any.

    Days are those of the desk's own time zone. A retired list waits: what changes meanwhile is
    seen when it speaks again.
    """
    day, changed = _day(at), False
    for hash_list in HashList.objects.filter(retired_at=None).order_by("pk"):
        valid = is_valid(day, hash_list.valid_from, hash_list.valid_until)
        if valid != hash_list.was_valid:
            changed |= _set_valid(hash_list, valid, at)
    return changed


def _set_valid(hash_list: HashList, valid: bool, at: datetime) -> bool:
    verb = "hashlists.list.began" if valid else "hashlists.list.lapsed"
    with transaction.atomic():
        # Of two workers that notice at once, one tells.
        before = HashList.objects.filter(pk=hash_list.pk, was_valid=not valid)
        if not before.update(was_valid=valid, revision=F("revision") + 1):
            return False
        _meet_archive(hash_list, verb, by="software", at=at)
        ends = hash_list.valid_from if valid else hash_list.valid_until
        detail = {"day": ends.isoformat() if ends else ""}
        record(verb, actor="software", at=at, target=hash_list.name, detail=detail)
    return True


def _day(at: datetime) -> date:
    return timezone.localtime(at).date()


def _meet_archive(hash_list: HashList, verb: str, *, by: User | str, at: datetime) -> ListChange:
    """Let the archive meet the list again, as after an import."""
    return ListChange.objects.create(
        hash_list=hash_list, form=TERMS, name=verb, state=ListChange.State.DONE,
        created_at=at, created_by=str(by), finished_at=at,
    )  # fmt: skip


def _set_retired(
    hash_list: HashList, is_retired: bool, verb: str, *, by: User | str, at: datetime
) -> None:
    clock = Clock(at)
    with transaction.atomic():
        bulk.lock_writer(ENTRIES_LOCK)
        at = clock.now()
        HashList.objects.filter(pk=hash_list.pk).update(
            retired_at=at if is_retired else None, revision=F("revision") + 1
        )
        change = _meet_archive(hash_list, verb, by=by, at=at)
        if not is_retired:
            told_of(hash_list).filter(deleted_at=None).update(changed_by=change)
        record(verb, actor=by, at=at, target=hash_list.name)
    hash_list.refresh_from_db()
