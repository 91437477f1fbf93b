"""`breakwater worstof serve`: publishes what is decided and keeps every view at what is published."""

import fcntl
import hashlib
import logging
import signal
import threading
import time
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import Error, close_old_connections
from django.utils import timezone

from breakwater.storage.whole_file import write_whole
from breakwater.worstof import signing, tsig
from breakwater.worstof.actions import last_defence, living, publishing, sealing
from breakwater.worstof.models import Publication, PublisherState, Recipient
from breakwater.worstof.primary import bringing, views, zone_file
from breakwater.worstof.primary.configuration import (
    BadAddress,
    Place,
    View,
    split,
    zone_path,
)
from breakwater.worstof.primary.logs import Logs
from breakwater.worstof.primary.rewriting import Rewriting
from breakwater.worstof.primary.server import BadConfiguration, Bind, NoBind, ZoneRefused
from breakwater.worstof.primary.staging import Staging
from breakwater.worstof.primary.views import PrimaryFailed
from breakwater.worstof.queries import known_names, zone
from breakwater.worstof.queries.canaries import given_to

log = logging.getLogger(__name__)
PAUSE = 0.05  # seconds between two looks for a decision
LOOK_AT_RECIPIENTS = timedelta(seconds=1)
BEAT = timedelta(seconds=10)
# The worker leaves publishing to a server that was seen so recently.
ALIVE = timedelta(seconds=60)
Shape = list[tuple[object, ...]]
REST = 2.0  # seconds after a failure
LONGEST_REST = 30.0  # seconds for a view that fails again and again
_LONGEST = 500  # letters of a problem


FAILURES = (
    Error, OSError, PrimaryFailed, NoBind, ZoneRefused, BadConfiguration, sealing.Stopped,
    signing.BadKey,
)  # fmt: skip


class AlreadyServed(Exception):
    """Another `worstof serve` runs on this folder."""


class Stay(NamedTuple):
    """Why a view is not at the last publication, and until when it is left alone."""

    why: str
    serial: int  # that it could not be brought to
    rest: float  # seconds
    until: float  # on the machine's steady clock, seconds


class Serving:
    """The loop. Everything it knows it can learn again: from the database and from the views."""

    def __init__(self, place: Place) -> None:
        self.place, self.bind = place, Bind(place)
        self.staging = Staging(place, self.bind) if place.check_resolver else None
        self.rewriting = Rewriting(place, self.bind)
        self.known: list[Recipient] = []  # whoever was granted transfers
        self.recipients: dict[str, Recipient] = {}  # those of them that can be served
        self.shape: Shape = []
        self.held: dict[str, views.Held] = {}  # a root of "" stands for a view to write whole
        self.broken = -1  # serial at which the names kept were not those signed
        self.looked_at: datetime | None = None
        self.beaten: datetime | None = None
        self.logs = Logs(place.folder)
        self.stays: dict[str, Stay] = {}  # views that could not be brought, by key name
        self.faults: dict[str, str] = {}  # why recipients are not served, by key name
        self.refused = ""  # why recipients and keys that changed have to wait

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set.

        Raises:
            AlreadyServed, NoBind: it cannot begin.
        """
        self.place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.place.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as problem:
                raise AlreadyServed(str(self.place.folder)) from problem
            try:
                self.start(timezone.now())
                while not stop.is_set():
                    stop.wait(PAUSE if self.turn_safely() else REST)
            finally:
                self.stop()

    def start(self, at: datetime) -> None:
        self.bind.end_others()
        tsig.forget_old_own_keys()
        self._look_whether_whole(at)
        last_defence.read_tables()
        self.recipients = self._read_recipients()
        self.shape = _shape(self.recipients)
        self._write_new_files(self.recipients)
        self.bind.configure(_views(self.recipients))
        self._start_bind()
        self._learn()

    def _start_bind(self) -> None:
        if self.staging:
            self.staging.prepare()
        self.bind.start()

    def _look_whether_whole(self, at: datetime) -> None:
        """While the names kept are not those signed, nothing new is published, until somebody
        accepts them as they are (`publishing.accept_copy`), which makes a publication.
        """
        found = zone.last()
        if zone.is_whole():
            self.broken = -1
            return
        self.broken = found.serial if found else 0
        problem = "The names kept are not those of the last publication. The last good zone stays."
        publishing.tell(problem, at=at)

    def _is_broken(self, at: datetime) -> bool:
        if self.broken < 0:
            return False
        found = zone.last()
        if self.broken != (found.serial if found else 0):
            self._look_whether_whole(at)
        return self.broken >= 0

    def stop(self) -> None:
        signal.alarm(0)  # what interrupts a loop that does not end must not interrupt this
        self.bind.stop()
        PublisherState.objects.filter(pk=1).update(served_at=None)

    def turn_safely(self) -> bool:
        """Do one turn; whatever fails is told, the zone stays as it is, and the loop goes on."""
        try:
            close_old_connections()
            self.turn(timezone.now())
        except FAILURES as problem:
            log.error("publishing failed: %s: %s", type(problem).__name__, problem)  # noqa: TRY400 – a full disk is no bug
            self._keep_problem(f"{type(problem).__name__}: {problem}")
            return False
        return True

    def turn(self, at: datetime) -> None:
        self._beat(at)
        if not self.bind.is_alive():
            log.warning("BIND ended; starting it again")
            self.held, self.stays = {}, {}
            self.rewriting.forget()
            self._start_bind()
            PublisherState.objects.update_or_create(pk=1, defaults={"ended_at": at})
        if self.looked_at is None or abs(at - self.looked_at) >= LOOK_AT_RECIPIENTS:
            self.looked_at = at
            self._follow_recipients()
            self.logs.read()
        if self.held.keys() != self.recipients.keys():
            self._learn()
        if not self._is_broken(at):
            check = self.staging.check if self.staging else None
            made = publishing.publish_waiting(at, check=check, steady=living.read)
            if made and self.staging:
                self.staging.follow(made)
        self.bring_up(at)
        self._tell_who_stays()
        if self.staging:
            self.staging.settle()

    def bring_up(self, at: datetime) -> None:
        """Bring every view to the last publication; one that is there already costs nothing.

        One that could not be brought is tried again after a rest, for which nobody else waits, and
        with the next publication, after all others have it. Each rest is twice as long.
        """
        publication = zone.last()
        if publication is None:
            return
        late = [r for r in self.recipients.values() if self._is_late(r, publication)]
        keys = {r.key_name for r in late}
        self.stays = {key: stay for key, stay in self.stays.items() if key in keys}
        due = [r for r in late if self._is_due(r, publication)]
        untried = self._untried(due, publication)
        stays = self._bring([r for r in due if r not in untried], publication)
        if untried and self.staging:
            why = self._is_harmful(self.staging, publication, at)
            stays |= {r.key_name: why for r in untried} if why else {}
            stays |= self._bring(untried, publication) if not why else {}
        for recipient in due:
            if recipient.key_name in self.rewriting.reading and recipient.key_name not in stays:
                continue  # what was wrong with it before may still be
            self._rest(recipient.key_name, stays.get(recipient.key_name, ""), publication)
        is_sent = not any(self._is_late(r, publication) for r in late)
        sent = timezone.now() if late and is_sent else None
        self._keep(publication, sent)

    def _is_due(self, recipient: Recipient, publication: Publication) -> bool:
        stay = self.stays.get(recipient.key_name)
        if recipient.key_name in self.rewriting.reading:
            return True
        return stay is None or stay.serial != publication.serial or stay.until <= time.monotonic()

    def _rest(self, key_name: str, why: str, publication: Publication) -> None:
        """Leave a view alone that could not be brought; without a reason, it was."""
        before = self.stays.pop(key_name, None)
        if not why:
            return
        if before is None or before.why != why:
            log.error("%s stays at what it has: %s", key_name, why)
        is_again = before is not None and before.serial == publication.serial
        rest = min(2 * before.rest, LONGEST_REST) if before and is_again else REST
        until = time.monotonic() + rest
        self.stays[key_name] = Stay(why, publication.serial, rest, until)

    def _untried(self, late: list[Recipient], publication: Publication) -> list[Recipient]:
        """Those who would get names that the live check did not try; to lose names needs none."""
        if not self.staging or self.staging.checked == publication.serial:
            return []
        serials = {r.key_name: self.held[r.key_name].serial for r in late}
        loses = {number: zone.only_loses_since(number) for number in set(serials.values())}
        return [r for r in late if not loses[serials[r.key_name]]]

    def _is_late(self, recipient: Recipient, publication: Publication) -> bool:
        return self.held[recipient.key_name].serial != publication.serial

    def _bring(self, recipients: list[Recipient], publication: Publication) -> dict[str, str]:
        published = views.Published(publication)
        return bringing.bring(recipients, self.held, published, self.rewriting)

    def _is_harmful(self, staging: Staging, publication: Publication, at: datetime) -> str:
        """Try a zone that was published without the live check, before this start or by others.

        Say why it cannot go out; "" if it can.
        """
        try:
            problem = staging.look(publication)
        except publishing.Unsure as unsure:
            return str(unsure)
        found = PublisherState.Probe.BAD if problem else PublisherState.Probe.GOOD
        publishing.keep_probe(found, at=at)
        return problem

    def _keep(self, publication: Publication, sent: datetime | None) -> None:
        now: dict[str, object] = {}
        if publication.problem != self.refused:
            now["problem"] = self.refused
        if sent and publication.sent_at is None:
            now["sent_at"] = sent
        if now:
            Publication.objects.filter(pk=publication.pk).update(**now)

    def _tell_who_stays(self) -> None:
        """Keep with each recipient why it does not get what was published."""
        whys = self.faults | {key: stay.why[:_LONGEST] for key, stay in self.stays.items()}
        for recipient in self.known:
            why = whys.get(recipient.key_name, "")
            if recipient.stays_because != why:
                Recipient.objects.filter(pk=recipient.pk).update(stays_because=why)
                recipient.stays_because = why

    def _keep_problem(self, problem: str) -> None:
        try:
            last = zone.last()
            if last and last.problem != problem[:_LONGEST]:
                Publication.objects.filter(pk=last.pk).update(problem=problem[:_LONGEST])
        except Error:
            pass  # the disk of the database is full: it is in the log above

    def _beat(self, at: datetime) -> None:
        if self.beaten is None or abs(at - self.beaten) >= BEAT:
            now: dict[str, object] = {"served_at": at, "needs_check": self.staging is not None}
            if self.staging is None:
                now["probe"] = PublisherState.Probe.OFF
            elif not known_names.never_block().names:
                now["probe"] = PublisherState.Probe.NOTHING
            PublisherState.objects.update_or_create(pk=1, defaults=now)
            living.live_on(living.read)
            self.beaten = at

    def _read_recipients(self) -> dict[str, Recipient]:
        """Those that are served. One that cannot be must not stop the others."""
        rows = Recipient.objects.filter(closed_at=None).order_by("key_name")
        found = {r.key_name: r for r in rows if r.transfers}
        faults = {name: fault for name, r in found.items() if (fault := _fault(r))}
        if faults and faults != self.faults:
            log.error("not served: %s", faults)
        self.known, self.faults = list(found.values()), faults
        for recipient in found.values():
            # Until the next look everything is written with these, whatever the guards say then.
            recipient.canaries = given_to(recipient)
        return {name: r for name, r in found.items() if name not in faults}

    def _follow_recipients(self) -> None:
        """Take up recipients that are new, changed or closed since the last look."""
        found = self._read_recipients()
        shape = _shape(found)
        if shape == self.shape:
            self.refused = ""
            return
        self._write_new_files(found)
        try:
            self.bind.reconfigure(_views(found))
        except BadConfiguration as problem:
            # Those that are served must get what is published meanwhile; the next look tries again.
            self.refused = f"BadConfiguration: {problem}"[:_LONGEST]
            log.error("recipients stay as they were: %s", problem)  # noqa: TRY400 – no traceback
            return
        self.refused = ""
        closed = self.recipients.keys() - found.keys()
        self.recipients, self.shape, self.held = found, shape, {}
        self.rewriting.forget()
        for name in closed:
            for path in self.place.folder.glob(f"{name}.zone*"):
                path.unlink(missing_ok=True)
        time.sleep(0.2)

    def _write_new_files(self, recipients: dict[str, Recipient]) -> None:
        """Write the zones of views that have none yet, before BIND reads its configuration."""
        publication = zone.last()
        published = views.Published(publication) if publication else None
        new = {
            name: r for name, r in recipients.items() if not zone_path(self.place, name).exists()
        }
        is_good = bool(new) and zone.is_whole()
        for name, recipient in new.items():
            path = zone_path(self.place, name)
            is_tried = publication and (
                not self.staging or self.staging.checked == publication.serial
            )
            if published is None or not (is_good and is_tried):
                write_whole(path, zone_file.lines(self.place.zone, 0, ["empty"], ()))
                continue
            manifest = views.wanted(recipient, published, self.place.zone)
            write_whole(path, views.whole(recipient, manifest))

    def _learn(self) -> None:
        """Ask every view what it has; names and canaries other than the desk's are written anew."""
        publication = zone.last()
        for _ in range(600):
            try:
                self.held = {name: views.held(self.place, name) for name in self.recipients}
                break
            except PrimaryFailed:
                if not self.bind.is_alive():
                    raise  # the next turn starts it again
                time.sleep(0.1)
        else:
            raise PrimaryFailed("the primary does not answer")
        if publication is None:
            return
        published, is_other = views.Published(publication), False
        for name, recipient in self.recipients.items():
            held = self.held[name]
            manifest = views.wanted(recipient, published, self.place.zone)
            if (held.serial, held.root) != (manifest.serial, manifest.root):
                # Scope and canaries may have changed with the names: it has to be written whole.
                self.held[name] = views.Held(held.serial, "")
                is_other |= held.serial == manifest.serial
        if is_other:
            self._give_new_serial()

    def _give_new_serial(self) -> None:
        """A view has other names under the same serial: with a new one, resolvers take it."""
        at = timezone.now()
        try:
            publishing.republish(at=at)
        except sealing.Stopped as stopped:
            publishing.tell(str(stopped), at=at)


def _views(recipients: dict[str, Recipient]) -> list[View]:
    return [View(r.key_name, tuple(r.notify)) for r in recipients.values()]


def _shape(recipients: dict[str, Recipient]) -> Shape:
    """What BIND has to be told of. A secret that was renewed counts; it is not kept here itself."""
    return [
        (
            r.key_name, r.scope, tuple(r.notify), tuple(sorted(r.canaries)),
            hashlib.sha256(tsig.secret_of(r.key_name).encode()).digest(),
        )
        for r in recipients.values()
    ]  # fmt: skip


def _fault(recipient: Recipient) -> str:
    """Why this one cannot be served; "" if it can."""
    try:
        tsig.check_key_name(recipient.key_name)
        for text in recipient.notify:
            split(text)
    except tsig.BadKeyName:
        return "BadKeyName: the desk's own or too long; close it, and make another"
    except BadAddress:
        return "BadAddress: an address has no port"
    return ""


def is_served(at: datetime) -> bool:
    """Whether a server publishes already, so that the worker need not."""
    seen = zone.state().served_at
    return seen is not None and abs(at - seen) < ALIVE
