"""The page that a blocked visitor sees: served here, or as files on a provider's own server.

No script, no cookie, no session, nothing from elsewhere; of visitors only their number is kept.
It needs the database only to name the laws and to count: without one a visitor gets the page too.
"""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import Error, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from breakwater.worstof.actions.lists import CRITERIA_ONLY
from breakwater.worstof.models import BlockList, StopCount
from breakwater.worstof.queries.stop_texts import shown_texts

log = logging.getLogger(__name__)
STYLE = "worstof/stop.css"
# Counted in memory and written down now and then: a crash loses at most so much of the count.
WRITE_AFTER = timedelta(seconds=10)


class Counter:
    """How often the page was shown since it was last written down, by day (UTC)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[date, int] = {}
        self._written_at: datetime | None = None

    def count(self, at: datetime) -> None:
        with self._lock:
            day = at.astimezone(UTC).date()
            self._waiting[day] = self._waiting.get(day, 0) + 1
            if self._written_at and abs(at - self._written_at) < WRITE_AFTER:
                return
            found, self._waiting, self._written_at = self._waiting, {}, at
        try:
            write_down(found)
        except Error:
            # A visitor is owed the page; the number is tried again with the next ones.
            log.exception("the stop page's count was not written down")
            with self._lock:
                for day, shown in found.items():
                    self._waiting[day] = self._waiting.get(day, 0) + shown


def write_down(found: dict[date, int]) -> None:
    with transaction.atomic():
        for day, shown in found.items():
            StopCount.objects.get_or_create(day=day)
            StopCount.objects.filter(day=day).update(shown=F("shown") + shown)


counter = Counter()


def page(
    language: str, *, style: str, appeal: str, others: dict[str, str], laws: list[str] | None
) -> str:
    """The page in one language; `others` are addresses of it by language code.

    `laws` is None while nobody can read them: the page then says so.
    """
    texts = shown_texts()
    with translation.override(language):
        names = dict(settings.LANGUAGES)
        links = [(code, translation.get_language_info(code)["name_local"], url)
                 for code, url in others.items() if code in names]  # fmt: skip
        context = {
            "language": language, "style": style, "appeal": appeal, "links": links,
            "laws": laws, "appeal_days": texts.appeal_days,
            "other_ways": texts.contacts_in(language, "appeal"),
            "to_report": texts.contacts_in(language, "report"),
            "for_a_child": texts.contacts_in(language, "child"),
            "for_the_worried": texts.contacts_in(language, "worried"),
        }  # fmt: skip
        return render_to_string("worstof/stop.html", context)


def laws_in(language: str) -> list[str]:
    """The operator's words in the visitor's language; without them, what the lists say.

    Raises:
        django.db.Error: the lists cannot be read.
    """
    if law := shown_texts().law_in(language):
        return [law]
    named = BlockList.objects.exclude(legal_basis=CRITERIA_ONLY).order_by("country")
    return list(named.values_list("legal_basis", flat=True))


def laws_if_readable(language: str) -> list[str] | None:
    """The same; None while nobody can read the lists."""
    try:
        return laws_in(language)
    except Error:
        return None  # the count fails with it, and says so in the log, once in ten seconds


class _ThenCounted(HttpResponse):
    """Counts when the page has been sent: a database that is slow or locked delays no visitor."""

    def close(self) -> None:
        super().close()
        counter.count(timezone.now())


class VisitorMiddleware:
    """Stands before sessions: whatever cookies a visitor brings, nobody looks up whose they are."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == reverse("stop"):
            request.COOKIES = {}
        return self.get_response(request)


@require_safe
def stop(request: HttpRequest) -> HttpResponseBase:
    codes = [code for code, _ in settings.LANGUAGES]
    asked = request.GET.get("language", "")
    language = asked if asked in codes else (translation.get_language() or "en")[:2]
    others = {code: f"?language={code}" for code in codes}
    addresses = {"style": static(STYLE), "appeal": reverse("appeal")}
    text = page(language, **addresses, others=others, laws=laws_if_readable(language))
    # HEAD shows nobody a page.
    answer = _ThenCounted if request.method == "GET" else HttpResponse
    response = answer(text, headers={"Content-Language": language})
    patch_vary_headers(response, ["Accept-Language"])
    response["Cache-Control"] = "no-store"
    return response
