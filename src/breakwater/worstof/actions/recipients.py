"""Who gets the list, in which forms and scope, with which keys, and with which canaries."""

import hashlib
import hmac
import random
import secrets
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from breakwater.custody.actions import record
from breakwater.formats.block_list.nesting import parents
from breakwater.formats.domain_name import read_name
from breakwater.people.models import Agency, User
from breakwater.worstof import tsig
from breakwater.worstof.models import Entry, Recipient, ZoneName
from breakwater.worstof.queries import known_names, zone
from breakwater.worstof.queries.canaries import stands_against
from breakwater.worstof.rules import canaries
from breakwater.worstof.rules.addresses import read_address

# Transfers by DNS beside the files of `formats.block_list.FORMS`, TAXII and the feed for MISP.
DNS, TAXII = "dns", "taxii"
FORMS = (DNS, "rpz", "hosts", "unbound", "dnsmasq", "squid", "csv", "stix", "misp", TAXII)


class RecipientExists(ValueError):
    """Another recipient has this name or this key name."""


class NoSuchForm(ValueError):
    """The list is not given in this form, or to this scope."""


class BadCanaryDomains(ValueError):
    """A line of canary-domains.txt cannot be used: `line` has a number or `domain` says which.

    `problem` is the reason's key.
    """

    def __init__(self, problem: str, *, line: int = 0, domain: str = "") -> None:
        super().__init__(f"{domain or f'line {line}'}: {problem}")
        self.problem, self.line, self.domain = problem, line, domain


class BlockedStopPage(ValueError):
    """The list has the stop page's host or a name above it: its words would reach nobody."""


class OtherStopPage(ValueError):
    """The recipient has another stop page, which the message names."""


class Closed(ValueError):
    """The recipient was closed; open it again first."""


@dataclass(frozen=True)
class Secrets:
    """What a recipient is told once: `http` opens its downloads, `tsig` (base64) its transfers."""

    http: str
    tsig: str


def canary_domains() -> tuple[str, ...]:
    """Domains that the operator owns for canaries, from `worstof/canary-domains.txt`.

    One a line, `#` begins a remark. Without the file, reserved ones.

    Raises:
        BadCanaryDomains: a line is no name, or no domain of which names can be given away.
    """
    found = known_names.canary_domains()
    for line in found.bad:
        raise BadCanaryDomains(line.problem, line=line.number)
    for domain in found.names:
        if key := stands_against(f"canary.{domain}"):
            raise BadCanaryDomains(key, domain=domain)
        if _is_in_use([domain, *parents(domain)]):
            raise BadCanaryDomains("listed", domain=domain)
    return found.names or canaries.RESERVED


def _is_in_use(names: Sequence[str]) -> bool:
    rows = ZoneName.objects.filter(name__in=names), Entry.objects.filter(name__in=names)
    return any(found.exists() for found in rows)


def create_recipient(
    name: str,
    key_name: str,
    *,
    by: User | str,
    at: datetime,
    forms: Collection[str] = (DNS,),
    scope: str = Recipient.Scope.NATIONAL,
    agency: Agency | None = None,
    notify: Sequence[str] = (),
) -> tuple[Recipient, Secrets]:
    """Make a recipient with its keys and canaries; the secrets are given this once.

    `notify` are the addresses that are told of changes.

    Raises:
        BadAddress: names the first of `notify` that is none.
        RecipientExists: choose another name.
        NoSuchForm: one of the forms or the scope is not known.
        BadCanaryDomains: the operator's file has to be put right.
        tsig.BadKeyName: the key name is no DNS label in lower case, too long, or the desk's own.
        ValueError: the name is empty.
        OSError: the key's file could not be written; nothing was made.
    """
    name, secret = name.strip(), secrets.token_urlsafe(32)
    told = [read_address(address) for address in notify]
    if not name:
        raise ValueError("a recipient needs a name")
    tsig.check_key_name(key_name)
    with transaction.atomic():
        named = Recipient.objects.filter(name=name) | Recipient.objects.filter(key_name=key_name)
        if named.exists():
            raise RecipientExists(f"{name}, {key_name}")
        made = Recipient.objects.create(
            name=name, key_name=key_name, agency=agency, forms=_forms(forms), scope=_scope(scope),
            secret_digest=digest(secret), canaries=_canaries(), notify=told, created_at=at,
        )  # fmt: skip
        detail = {"name": name, "forms": made.forms, "scope": scope, "notify": told,
                  "canaries": len(made.canaries)}  # fmt: skip
        record("worstof.recipient.created", actor=by, at=at, target=key_name, detail=detail)
        # Last of all: a file that cannot be written takes the row back with it.
        return made, Secrets(secret, tsig.make_secret(key_name))


def _forms(forms: Collection[str]) -> list[str]:
    for form in forms:
        if form not in FORMS:
            raise NoSuchForm(f"{form}: expected some of {', '.join(FORMS)}")
    return [form for form in FORMS if form in forms]


def _scope(scope: str) -> str:
    if scope not in Recipient.Scope.values:
        raise NoSuchForm(f"{scope}: expected one of {', '.join(Recipient.Scope.values)}")
    return scope


def _canaries() -> list[str]:
    """Names that nobody was given before, not even a recipient that is closed."""
    taken = {
        name for given in Recipient.objects.values_list("canaries", flat=True) for name in given
    }
    domains, chance = canary_domains(), random.SystemRandom()
    while True:
        names = canaries.invent(domains, taken, chance)
        if not _is_in_use(names) and not any(map(stands_against, names)):
            return names


def grant(
    recipient: Recipient, forms: Collection[str], scope: str, *, by: User | str, at: datetime
) -> None:
    """Say in which forms a recipient gets the list from now on, and whether national additions.

    Raises:
        NoSuchForm: one of the forms or the scope is not known.
    """
    now = {"forms": _forms(forms), "scope": _scope(scope)}
    before = {"forms": recipient.forms, "scope": recipient.scope}
    _change(recipient, "worstof.recipient.granted", now, {"from": before, "to": now}, by, at)


def set_addresses(
    recipient: Recipient,
    *,
    notify: Sequence[str],
    resolvers: Sequence[str],
    stop_page: str,
    by: User | str,
    at: datetime,
) -> None:
    """Say who is told of changes, which resolvers are probed, and the host of the stop page.

    Raises:
        BadAddress: names the first address that is none.
        BadName: the stop page is no host's name.
        BlockedStopPage: names the host.
    """
    now = {
        "notify": [read_address(address) for address in notify],
        "resolvers": [read_address(address) for address in resolvers],
        "stop_page": read_name(stop_page).name if stop_page.strip() else "",
    }
    _check_stop_page(str(now["stop_page"]))
    before = {name: getattr(recipient, name) for name in now}
    _change(recipient, "worstof.recipient.addressed", now, {"from": before, "to": now}, by, at)


def keep_stop_page(recipient: Recipient, host: str, *, by: User | str, at: datetime) -> None:
    """Have a recipient without stop page be known by this one, which its resolvers are to lead to.

    Raises:
        BadName: it is no host's name.
        OtherStopPage: it has another, which probes look for and the guards keep from being listed.
        BlockedStopPage: names the host.
    """
    name = read_name(host).name
    if recipient.stop_page and recipient.stop_page != name:
        raise OtherStopPage(recipient.stop_page)
    if not recipient.stop_page:
        kept = {"notify": recipient.notify, "resolvers": recipient.resolvers}
        set_addresses(recipient, **kept, stop_page=name, by=by, at=at)


def _check_stop_page(host: str) -> None:
    if host and zone.kept([host, *parents(host)]):
        raise BlockedStopPage(host)


def close(recipient: Recipient, *, by: User | str, at: datetime) -> None:
    """End transfers and downloads at once; canaries and history are kept, to trace old copies."""
    _change(recipient, "worstof.recipient.closed", {"closed_at": at}, {}, by, at)
    shutil.rmtree(copies_of(recipient), ignore_errors=True)  # written again if it is reopened


def copies_of(recipient: Recipient) -> Path:
    """The folder of the copies that were written for a recipient."""
    return Path(settings.CONFIG.data_dir) / "worstof" / "copies" / recipient.key_name


def reopen(recipient: Recipient, *, by: User | str, at: datetime) -> None:
    """Take a closing back; keys and secret are the old ones.

    Raises:
        BlockedStopPage: its stop page was listed since; names the host.
    """
    _check_stop_page(recipient.stop_page)
    _change(recipient, "worstof.recipient.reopened", {"closed_at": None}, {}, by, at)


def new_secrets(recipient: Recipient, *, by: User | str, at: datetime) -> Secrets:
    """Give new keys in place of both old ones, which end at once.

    Raises:
        Closed: the recipient was closed.
        OSError: the key's file could not be written; the old ones stay.
    """
    if recipient.closed_at:
        raise Closed(recipient.name)
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        now = {"secret_digest": digest(secret)}
        _change(recipient, "worstof.recipient.secrets_renewed", now, {}, by, at)
        return Secrets(secret, tsig.make_secret(recipient.key_name))


def tell_secret(recipient: Recipient, *, by: User | str, at: datetime) -> str:
    """Give the TSIG secret once more, to be handed over in a snippet; the log keeps who saw it.

    Raises:
        Closed: the recipient was closed.
        tsig.BadKeyName: its key name is one that the primary does not serve.
        OSError: there is no secret, and none could be written.
    """
    if recipient.closed_at:
        raise Closed(recipient.name)
    tsig.check_key_name(recipient.key_name)
    with transaction.atomic():
        record("worstof.recipient.secret_shown", actor=by, at=at, target=recipient.key_name)
        return tsig.secret_of(recipient.key_name)


def _change(
    recipient: Recipient,
    verb: str,
    now: Mapping[str, object],
    detail: Mapping[str, object],
    by: User | str,
    at: datetime,
) -> None:
    with transaction.atomic():
        Recipient.objects.filter(pk=recipient.pk).update(**now)
        record(verb, actor=by, at=at, target=recipient.key_name, detail=detail)
    for name, value in now.items():
        setattr(recipient, name, value)


def recipient_for(key_name: str, secret: str) -> Recipient | None:
    """Give the open recipient that these credentials open, if any."""
    found = Recipient.objects.filter(key_name=key_name, closed_at=None).first()
    kept = found.secret_digest if found else digest("")
    fits = hmac.compare_digest(kept, digest(secret))
    return found if fits and secret else None


def digest(secret: str) -> str:
    """A secret as it is kept: it is 256 random bits, so a plain SHA-256 keeps it safe."""
    return hashlib.sha256(secret.encode()).hexdigest()
