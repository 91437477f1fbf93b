"""Pages that ask the lists: hashes looked up, and what all sources say of one file."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from breakwater.custody.actions import record_view
from breakwater.formats.vics import FRAME
from breakwater.hashlists import texts
from breakwater.hashlists.actions.looking_up import Answer, look_up
from breakwater.hashlists.forms import LookupForm
from breakwater.hashlists.import_views import Echo, safe_cell
from breakwater.hashlists.queries import listed as queries
from breakwater.hashlists.rules.asking import (
    MOST_LINES,
    MOST_PHOTODNA,
    Asking,
    NotAsked,
    TooMany,
    TooManyPhotodna,
    read_lines,
)
from breakwater.hashlists.rules.voices import Voice
from breakwater.matching import photodna
from breakwater.people.access import needs, signed_in

# More of each than this are in the CSV: a page is for reading.
SHOWN = 200


@never_cache
@require_http_methods(["GET", "POST"])
@needs("lists.lookup")
def lookup(request: HttpRequest) -> HttpResponseBase:
    form = LookupForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _page(request, form)
    asking = _read(form)
    if asking is None:
        return _page(request, form, status=400)
    answers = look_up(asking.questions, by=signed_in(request), at=timezone.now())
    # What people have to decide about stands first, then what raises.
    known = sorted(
        (a for a in answers if a.is_known),
        key=lambda a: (not a.verdict.is_contradicted, not a.verdict.raises),
    )
    unknown = [a for a in answers if not a.is_known]
    return _page(
        request, form,
        is_answered=True,
        answer=_answer(answers, known),
        known=[_line(a) for a in known[:SHOWN]],
        unknown=[_line(a) for a in unknown[:SHOWN]],
        known_count=len(known),
        unknown_count=len(unknown),
        refused=[_refused_line(r) for r in asking.refused[:SHOWN]],
        refused_count=len(asking.refused),
        repeated=asking.repeated,
    )  # fmt: skip


def _page(
    request: HttpRequest, form: LookupForm, status: int = 200, **more: object
) -> HttpResponse:
    context = {"form": form, "most": MOST_LINES, "shown": SHOWN, **more}
    return render(request, "hashlists/lookup.html", context, status=status)


def _read(form: LookupForm) -> Asking | None:
    """What the form asks; None with an error in the form where it asks nothing."""
    if not form.is_valid():
        return None
    try:
        return read_lines(form.cleaned_data["hashes"], form.cleaned_data["sixty_four"])
    except TooMany as fault:
        form.add_error(
            "hashes",
            _("%(n)s lines are more than %(most)s at once. Ask in parts; nothing was looked up.")
            % {"n": texts.number(fault.args[0]), "most": texts.number(MOST_LINES)},
        )
        return None
    except TooManyPhotodna as fault:
        form.add_error(
            "hashes",
            _(
                "%(n)s PhotoDNA values are more than %(most)s at once. Ask in parts; nothing was "
                "looked up."
            )
            % {"n": texts.number(fault.args[0]), "most": texts.number(MOST_PHOTODNA)},
        )
        return None


def _answer(answers: list[Answer], known: list[Answer]) -> str:
    if not answers:
        return _("None of the lines is a hash that can be looked up")
    n = len(answers)
    if not known:
        text = ngettext(
            "Nothing is known of the %(n)s hash", "Nothing is known of the %(n)s hashes", n
        )
        return text % {"n": texts.number(n)}
    text = ngettext(
        "%(known)s of %(n)s hash is known", "%(known)s of %(n)s hashes are known", n
    ) % {"known": texts.number(len(known)), "n": texts.number(n)}
    disagreeing = sum(a.verdict.is_contradicted for a in known)
    if not disagreeing:
        return text
    more = ngettext("lists disagree on %(n)s", "lists disagree on %(n)s", disagreeing)
    return f"{text}; {more % {'n': texts.number(disagreeing)}}"


def _line(answer: Answer) -> dict[str, Any]:
    kinds = [texts.word(texts.KINDS, kind) for kind in answer.question.kinds]
    return {
        "value": answer.question.value,
        "kinds": " / ".join(kinds),
        "matched": _matched(answer.verdict.voices),
        "said": texts.said(answer.verdict),
        "is_contradicted": answer.verdict.is_contradicted,
        "raises": answer.verdict.raises,
        "lowers": answer.verdict.lowers,
        "voices": [voice_line(v) for v in answer.verdict.voices[:SHOWN]],
        "more": max(0, len(answer.verdict.voices) - SHOWN),
    }


def _matched(voices: Iterable[Voice]) -> str:
    """The kinds that were found, those that are compared by distance with the nearest one."""
    nearest: dict[str, int] = {}
    for voice in voices:
        nearest[voice.kind] = min(voice.distance, nearest.get(voice.kind, voice.distance))
    found = []
    for kind, distance in nearest.items():
        name = texts.word(texts.KINDS, kind)
        is_near = kind in ("pdq", "photodna")
        found.append(f"{name}, {_('distance %(n)s') % {'n': distance}}" if is_near else name)
    return " / ".join(found)


def voice_line(voice: Voice) -> dict[str, Any]:
    return {
        "voice": voice,
        # No distance of PhotoDNA is official, so ours stands beside every match.
        "limit": photodna.MATCH_DISTANCE if voice.kind == "photodna" else None,
        "kind": texts.word(texts.KINDS, voice.kind),
        "mapped": texts.word(texts.GRADES, voice.mapped_grade),
        "is_same_word": _is_same_word(voice.grade, voice.mapped_grade),
        "direction": texts.word(texts.DIRECTIONS, voice.direction),
    }


def _is_same_word(grade: str, mapped: str) -> bool:
    """Whether the mapped grade's words begin with the source's own, which is then not repeated."""
    return bool(mapped) and texts.word(texts.GRADES, mapped).lower().startswith(f"{grade.lower()}:")


def _refused_line(refused: NotAsked) -> dict[str, object]:
    return {
        "line": refused.line,
        "found": refused.found,
        "problem": texts.word(texts.PROBLEMS, refused.problem),
    }


@never_cache
@require_POST
@needs("lists.lookup")
def lookup_csv(request: HttpRequest) -> HttpResponseBase:
    form = LookupForm(request.POST)
    asking = _read(form)
    if asking is None:
        return _page(request, form, status=400)
    answers = look_up(asking.questions, by=signed_in(request), at=timezone.now())
    lines = _csv(answers, asking.refused)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="hashes.csv"'
    return response


_COLUMNS = (
    "line", "hash", "answer", "list", "source", "member", "direction", "grade", "mapped_grade",
    "kind", "distance", "entry",
)  # fmt: skip


def _csv(answers: list[Answer], refused: tuple[NotAsked, ...]) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield "\ufeff"  # without it, spreadsheets take UTF-8 for something else
    yield writer.writerow(_COLUMNS)
    for answer in answers:
        begin = [answer.question.line, answer.question.value, texts.said(answer.verdict)]
        for voice in answer.verdict.voices or (None,):
            yield writer.writerow([safe_cell(cell) for cell in (*begin, *_voice_cells(voice))])
    for one in refused:
        problem = texts.word(texts.PROBLEMS, one.problem)
        cells = [one.line, one.found, problem, *_voice_cells(None)]
        yield writer.writerow([safe_cell(cell) for cell in cells])


def _voice_cells(voice: Voice | None) -> list[object]:
    if voice is None:
        return [""] * 9
    return [
        voice.list_name, voice.source, voice.member, voice.direction, voice.grade,
        voice.mapped_grade, voice.kind, voice.distance, voice.entry_id,
    ]  # fmt: skip


@never_cache
@require_GET
@needs("lists.lookup")
def entry_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Everything a source said of one file, and all voices on the same hashes."""
    found = queries.entry(pk)
    if found is None:
        raise Http404
    # Notes, tags and series may name a child.
    record_view(signed_in(request), f"hash entry {pk}", timezone.now())
    verdict = queries.voices_on(found.hashes, on=timezone.localdate())
    context = {
        "entry": found.entry,
        "list": found.entry.hash_list,
        "hashes": [(texts.word(texts.KINDS, kind), value) for kind, value in found.hashes],
        "facts": [(texts.word(texts.TARGETS, k), v) for k, v in _shown_facts(found.facts)],
        "mapped": texts.word(texts.GRADES, found.entry.mapped_grade),
        "is_same_word": _is_same_word(found.entry.grade, found.entry.mapped_grade),
        "media": texts.word(texts.MEDIA, str(found.entry.media)),
        "said": texts.said(verdict),
        "is_contradicted": verdict.is_contradicted,
        "voices": [voice_line(v) for v in verdict.voices],
        "feedback": [
            {"said": said, "kind": texts.word(texts.KINDS, said.kind)}
            for said in queries.feedback(found.entry)
        ],
    }
    return render(request, "hashlists/entry.html", context)


def _shown_facts(facts: dict[str, Any]) -> Iterator[tuple[str, object]]:
    for key, value in facts.items():
        if key in ("source_id", "has_time", "member_name", "grade", "extra"):
            continue
        yield key, ", ".join(map(str, value)) if isinstance(value, list) else value
    for name, value in facts.get("extra", {}).items():
        if name != FRAME:
            yield name, value
