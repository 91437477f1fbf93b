"""The board: what waits for me, every entry by its state, and the list as a table to keep."""

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from breakwater.drawing.words import in_one_line
from breakwater.formats.domain_name import BadName, read_name
from breakwater.formats.whole_number import whole_number
from breakwater.people.access import needs, signed_in
from breakwater.people.models import User
from breakwater.worstof import entry_texts as texts
from breakwater.worstof.actions import exporting
from breakwater.worstof.models import Entry
from breakwater.worstof.queries import board
from breakwater.worstof.queries.known_names import read_site

MOST_PAGES = 20_000


@never_cache
@require_GET
@needs("worstof.see")
def board_page(request: HttpRequest) -> HttpResponseBase:
    user = signed_in(request)
    counts = board.counts(user, at=timezone.now())
    wanted = _wanted(request)
    page = board.page(wanted, user, at=timezone.now())
    context = {
        "wanted": wanted,
        "page": page,
        "rows": _rows(page.rows),
        "views": _views(counts, wanted.view),
        "lists": board.lists(user),
        "answer": texts.board_answer(counts["mine"]),
        "is_empty_desk": not counts["all"],
    }
    return render(request, "worstof/board.html", context)


def _wanted(request: HttpRequest) -> board.Wanted:
    get = request.GET
    view, number, of = get.get("view", "mine"), get.get("page", "1"), get.get("list", "")
    return board.Wanted(
        view=view if view in board.VIEWS else "mine",
        block_list=whole_number(of),
        guarded="guarded" in get,
        appealed="appealed" in get,
        page=min(max(whole_number(number) or 1, 1), MOST_PAGES),
    )


def _views(counts: dict[str, int], current: str) -> list[dict[str, object]]:
    return [
        {"key": k, "word": texts.word(texts.VIEWS, k), "count": counts[k], "is_here": k == current}
        for k in board.VIEWS
    ]


def _rows(found: list[board.Row]) -> list[dict[str, Any]]:
    return [
        {
            "entry": row.entry,
            "state": texts.word(texts.SHORT_STATES, row.entry.state),
            "line": texts.row_line(row),
            "appeals": row.appeals,
            "risk": row.risk,
            "risk_reasons": _risk_words(row),
        }
        for row in found
    ]


def _risk_words(row: board.Row) -> str:
    if row.risk is None:
        return ""
    came = ", ".join(texts.guard_line(key, match) for key, match, _refuses in row.entry.new_guards)
    words = {k: texts.word(texts.RISKS, k) for k, _ in row.risk.reasons}
    if "new_guard" in words:
        words["new_guard"] += f" ({came})"
    return in_one_line([f"{words[k]} +{n}" for k, n in row.risk.reasons])


@never_cache
@require_POST
@needs("worstof.see")
def find(request: HttpRequest) -> HttpResponseBase:
    """Look names up. By POST, for an address with a listed name in it would end in server logs."""
    user = signed_in(request)
    text = request.POST.get("name", "").strip()[:2000]
    names = _names_in(text)
    found = board.find(text.casefold(), names, user) if text else []
    if len(found) == 1:
        name = max(names, key=len, default="")
        if found[0].name not in names and name.endswith(f".{found[0].name}"):
            said = _("%(name)s itself is on no list that you see; this domain stands above it.")
            messages.info(request, said % {"name": name})
        return redirect("worst-of-entry", found[0].pk)
    n = len(found)
    answer = ngettext("%(n)s domain fits “%(text)s”", "%(n)s domains fit “%(text)s”", n)
    context = {
        "text": text,
        "rows": _rows(board.rows(found, user, at=timezone.now())),
        "answer": answer % {"n": n, "text": text[:80]} if n else _("No domain fits"),
    }
    return render(request, "worstof/found.html", context)


def _names_in(text: str) -> set[str]:
    """The name as it is written, and the one under which it is put forward."""
    try:
        return {read_name(text).name, read_site(text).name}
    except BadName:
        return set()


COLUMNS = (
    "number", "list", "country_of_list", "state", "round", "guards", "created_at", "listed_at",
    "fresh_until", "due_at", "ended_at",
)  # fmt: skip


@require_GET
@needs("worstof.sign")
def board_csv(request: HttpRequest) -> HttpResponseBase:
    """Every entry that the reader sees, with its name.

    Not for guests: a list of names in a file has no canaries by which a leak could be traced.
    """
    return _csv(signed_in(request), has_names=True)


@require_GET
@needs("worstof.overview")
def numbers_csv(request: HttpRequest) -> HttpResponseBase:
    """The same without names, for those who oversee the list and do not work on it."""
    return _csv(signed_in(request), has_names=False)


def _csv(user: User, *, has_names: bool) -> HttpResponseBase:
    exporting.record_export(by=user, has_names=has_names, at=timezone.now())
    response = StreamingHttpResponse(_lines(user, has_names), content_type="text/csv")
    kind = "with-names" if has_names else "without-names"
    response["Content-Disposition"] = f'attachment; filename="worst-of-{kind}.csv"'
    return response


class _Echo:
    """Stands where a CSV writer wants a file, and gives each line back."""

    def write(self, value: str) -> str:
        return value


def _lines(user: User, has_names: bool) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # without it, spreadsheets take UTF-8 for something else
    yield writer.writerow([*COLUMNS, *(("name", "shown") if has_names else ())])
    for entry in board.export(user).iterator():
        names = (entry.name, entry.shown) if has_names else ()
        yield writer.writerow([_cell(x) for x in (*_facts(entry), *names)])


def _facts(entry: Entry) -> tuple[object, ...]:
    moments = (getattr(entry, name) for name in COLUMNS[6:])
    return (
        f"W-{entry.pk}",
        entry.block_list.name,
        entry.block_list.country,
        entry.state,
        entry.round,
        " ".join(key for key, _match in entry.guards),
        *(moment.isoformat(timespec="seconds") if moment else "" for moment in moments),
    )


def _cell(value: object) -> str:
    """Keep a spreadsheet from running a text as a formula."""
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
