"""Nominations and assessments that come in by file: kept, looked through, then taken line by line.

Each line goes through the same doors as a page (`life.nominate`, `life.assess`), in transactions of
its own, with a row that says what became of it. One transaction for the file would keep the head of
the audit log locked from the first line to the last, so that reports could not come in meanwhile;
and it would take that lock before the transparency log's, the other way round than every decision
on a page. So nothing stays half taken by another way: the lines are numbered, the file keeps how
many are done, and a worker that was killed goes on behind the last one.
"""

import hashlib
import logging
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from breakwater.custody.actions import record
from breakwater.formats.assessment_table import Answers, Line, Table
from breakwater.people.models import User
from breakwater.worstof.actions import life
from breakwater.worstof.actions.told import Voice
from breakwater.worstof.models import Entry, Nomination, PartnerFile, PartnerLine
from breakwater.worstof.queries.incoming import (
    Foreseen,
    Preview,
    Said,
    Whose,
    read_file,
    said_of,
    same_lines,
    why_not,
)
from breakwater.worstof.rules.incoming import TAKEN, Outcome, outcome_of

AT_ONCE = 100
MOST_TRIES = 8
log = logging.getLogger(__name__)


class NotForYou(Exception):
    """This person cannot bring in this authority's word; `why` is a key of a text."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class SameFile(Exception):
    """These bytes were brought in for this list before."""

    def __init__(self, file: PartnerFile) -> None:
        super().__init__(file.sha256)
        self.file = file


class NotADraft(Exception):
    """The file was confirmed or thrown away meanwhile."""


def foresee(data: bytes, whose: Whose, *, by: User, at: datetime) -> tuple[Table, list[Foreseen]]:
    """Read a file and say what would become of each line; nothing is written.

    Raises:
        NotForYou: this person cannot bring in this authority's word.
        BadTable: nothing of the file can be read.
    """
    _check(whose, by)
    table = read_file(data)
    return table, Preview(whose, by, at).of(table.lines)


def _check(whose: Whose, by: User) -> None:
    if why := why_not(whose, by):
        raise NotForYou(why)


def receive(
    data: bytes, name: str, whose: Whose, *, by: User, at: datetime, typed_by: str = ""
) -> PartnerFile:
    """Keep a file until a person has looked through what it would do.

    `typed_by` is who gave the command in this person's name.

    Raises:
        NotForYou: this person cannot bring in this authority's word.
        BadTable: nothing of the file can be read.
        SameFile: the very same file came in before.
    """
    _check(whose, by)
    table = read_file(data)
    digest = hashlib.sha256(data).hexdigest()
    try:
        with transaction.atomic():
            file = PartnerFile.objects.create(
                block_list=whose.block_list, agency=whose.agency, door=whose.door,
                name=name[:200], content=data, sha256=digest, total=len(table.lines), at=at,
                by=by, received_by=by,
            )  # fmt: skip
            _tell("worstof.file.received", file, by, at, **_typed(typed_by))
    except IntegrityError:
        before = PartnerFile.objects.get(block_list=whose.block_list, sha256=digest)
        raise SameFile(before) from None
    return file


def _tell(verb: str, file: PartnerFile, by: User, at: datetime, **more: object) -> None:
    """Tell the log of a file by number; its name could be that of a domain."""
    record(
        verb, actor=by, at=at, target=f"F-{file.pk}",
        detail={
            "agency": file.agency.name, "list": file.block_list.name, "sha256": file.sha256,
            "lines": file.total, **more,
        },
    )  # fmt: skip


def _typed(by: str) -> dict[str, object]:
    return {"typed_by": by} if by else {}


def confirm(file: PartnerFile, *, by: User, at: datetime, typed_by: str = "") -> PartnerFile:
    """Have a file taken in; who confirms it answers for it in the log.

    Raises:
        NotForYou: this person cannot bring in this authority's word.
        NotADraft: somebody confirmed it or threw it away before.
    """
    _check(Whose(file.block_list, file.agency), by)
    with transaction.atomic():
        if not _drafts(file).update(state=PartnerFile.State.WAITING, by=by):
            raise NotADraft
        _tell("worstof.file.confirmed", file, by, at, **_typed(typed_by))
    return PartnerFile.objects.get(pk=file.pk)


def discard(file: PartnerFile, *, by: User, at: datetime) -> None:
    """Throw a file away of which nothing was taken in.

    Raises:
        NotADraft: somebody confirmed it or threw it away before.
    """
    with transaction.atomic():
        if not _drafts(file).delete()[0]:
            raise NotADraft
        _tell("worstof.file.discarded", file, by, at)


def _drafts(file: PartnerFile) -> QuerySet[PartnerFile]:
    return PartnerFile.objects.filter(pk=file.pk, state=PartnerFile.State.DRAFT)


def work(at: datetime) -> bool:
    """Take in some lines of the file that waits longest; false when none is due."""
    waiting = PartnerFile.objects.filter(state=PartnerFile.State.WAITING)
    file = waiting.exclude(next_try_at__gt=at).order_by("pk").first()
    if file is None:
        return False
    try:
        take_in(file, at=at)
    except Exception as problem:  # noqa: BLE001 - one bad file must not keep others waiting
        # Without message and trace: they could hold a listed name.
        log.error("file %s of a partner: %s", file.pk, type(problem).__name__)  # noqa: TRY400
        tries = min(file.tries + 1, MOST_TRIES)
        PartnerFile.objects.filter(pk=file.pk).update(
            tries=tries,
            next_try_at=at + timedelta(seconds=2**tries),
            last_error=type(problem).__name__,
        )
    return True


def take_in(file: PartnerFile, *, at: datetime, most: int = 0) -> PartnerFile:
    """Take in the next lines of a confirmed file, `most` or `AT_ONCE`; safe to run again or twice."""
    lines = read_file(bytes(file.content)).lines
    same = same_lines(lines)
    for index in range(file.done, min(file.done + (most or AT_ONCE), len(lines))):
        line = lines[index]
        if line.number in same:
            _keep_unread(file, index, line, at)
        else:
            _take_line(file, index, line, at)
    _end_if_done(file, at)
    return PartnerFile.objects.select_related("agency", "block_list", "by").get(pk=file.pk)


def _locked(file: PartnerFile, index: int) -> bool:
    """Lock the file; say whether this line is still the next one."""
    found = PartnerFile.objects.select_for_update().filter(pk=file.pk)
    return found.values_list("state", "done").get() == (PartnerFile.State.WAITING, index)


def _count(file: PartnerFile, index: int) -> None:
    PartnerFile.objects.filter(pk=file.pk).update(
        done=index + 1, tries=0, next_try_at=None, last_error=""
    )


def _keep_unread(file: PartnerFile, index: int, line: Line, at: datetime) -> None:
    with transaction.atomic():
        if _locked(file, index):
            PartnerLine.objects.create(file=file, number=line.number, outcome=Outcome.SAME_LINE)
            _count(file, index)


def _take_line(file: PartnerFile, index: int, line: Line, at: datetime) -> None:
    """Nominate, then judge. The row of the first step tells the second how the line was found."""
    with transaction.atomic():
        if not _locked(file, index):
            return
        if not file.lines.filter(number=line.number).exists():
            _nominate(file, line, at)
    with transaction.atomic():
        if _locked(file, index):
            _judge(file, line, at)
            _count(file, index)


def _nominate(file: PartnerFile, line: Line, at: datetime) -> None:
    said, is_own = _said(file, line), file.agency_id == file.by.agency_id
    standing = said.standing(line)
    outcome, entry = outcome_of(line, standing, at=at, is_own=is_own), said.entry
    nominates = line.sight is not None and not standing.is_nominated
    if nominates and (outcome in TAKEN or outcome is Outcome.REFUSED):
        try:
            entry = life.nominate(
                file.block_list, line.given, _sighting(line, is_own=is_own),
                by=file.by, at=at, voice=_voice(file, line),
            )  # fmt: skip
        except life.AlreadyNominated:  # on a page, in this moment
            entry = Entry.objects.get(block_list=file.block_list, name=line.name.name)
        except life.NotYours:
            outcome = Outcome.MOVED
        if entry and entry.state == Entry.State.REFUSED:
            outcome = Outcome.REFUSED
    PartnerLine.objects.create(file=file, number=line.number, outcome=outcome, entry=entry)


def _said(file: PartnerFile, line: Line) -> Said:
    name = line.name.name
    whose = Whose(file.block_list, file.agency, received_by=file.received_by)
    return said_of(whose, [name], file.by)[name]


def _judge(file: PartnerFile, line: Line, at: datetime) -> None:
    row = file.lines.select_related("entry__block_list").get(number=line.number)
    if line.answers is None or row.entry is None or row.outcome not in TAKEN:
        return
    if _said(file, line).standing(line).is_judged:
        return
    try:
        row.assessment = life.assess(
            row.entry, _judgement(line.answers),
            by=file.by, at=at, voice=_voice(file, line), door=file.door, beside=file.received_by,
        )  # fmt: skip
    except life.SeenOthers:
        row.outcome = Outcome.SEEN_OTHERS
    except life.NotSeenLately:
        row.outcome = Outcome.NOT_SEEN
    except (life.OwnHands, life.SignedIt):
        row.outcome = Outcome.OWN_HANDS
    except (life.WrongState, life.NotYours):
        row.outcome = Outcome.MOVED
    row.save(update_fields=["assessment", "outcome"])


def _voice(file: PartnerFile, line: Line) -> Voice:
    user = file.by if file.agency_id == file.by.agency_id else None
    return Voice(file.agency, line.assessor, user)


def _sighting(line: Line, *, is_own: bool) -> life.Sighting:
    assert line.sight is not None  # noqa: S101 - asked by the only caller
    source = Nomination.Source.FILE if is_own else Nomination.Source.PARTNER
    sight = line.sight
    return life.Sighting(sight.evidence, sight.seen, sight.seen_at, source, "", line.hosting)


def _judgement(said: Answers) -> life.Judgement:
    return life.Judgement(**{name: getattr(said, name) for name in said.__slots__})


def _end_if_done(file: PartnerFile, at: datetime) -> None:
    with transaction.atomic():
        if not _locked(file, file.total):
            return
        PartnerFile.objects.filter(pk=file.pk).update(state=PartnerFile.State.DONE, ended_at=at)
        outcomes = list(file.lines.values_list("outcome", flat=True))
        counts = {word: outcomes.count(word) for word in sorted(set(outcomes))}
        _tell("worstof.file.imported", file, file.by, at, outcomes=counts)
