"""Asks the lists about hashes, and logs that somebody asked: how many, not which."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from breakwater.custody.actions import Actor, record
from breakwater.hashlists.queries.lookup import Asked, find
from breakwater.hashlists.rules.asking import Question
from breakwater.hashlists.rules.voices import Verdict, Voice, verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """What the lists say of one line."""

    question: Question
    verdict: Verdict

    @property
    def is_known(self) -> bool:
        return bool(self.verdict.voices)


def look_up(
    questions: Sequence[Question],
    *,
    by: Actor | str,
    at: datetime,
    only: Collection[int] | None = None,
) -> list[Answer]:
    """Give for each question what the lists say of it, in the order asked.

    `only` restricts to the lists of these numbers, for askers outside of the desk.
    """
    asked = [(q, Asked(kind, q.value)) for q in questions for kind in q.kinds]
    found = find([a for _, a in asked], on=timezone.localtime(at).date(), only=only)
    voices: dict[Question, list[Voice]] = {q: [] for q in questions}
    for (question, _), said in zip(asked, found, strict=True):
        voices[question] += said
    answers = [Answer(q, verdict(voices[q])) for q in questions]
    known = sum(a.is_known for a in answers)
    with transaction.atomic():
        detail = {"asked": len(questions), "known": known}
        record("hashlists.hash.looked_up", actor=by, at=at, detail=detail)
    return answers
