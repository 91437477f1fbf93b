"""Gives every view text that a database can keep and compare, whatever was typed or forged."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, QueryDict, UnreadablePostError

from breakwater.formats.plain_text import storable

GetResponse = Callable[[HttpRequest], HttpResponse]


class StorableTextMiddleware:
    """Stands before all that look something up: PostgreSQL refuses a question with NUL in it.

    Bodies of views that are exempt from CSRF protection are theirs: they read them as they arrive.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info:
            raise Http404
        request.COOKIES = {name: storable(text) for name, text in request.COOKIES.items()}
        request.GET = _storable(request.GET)  # type: ignore[assignment]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., object], *_: object
    ) -> HttpResponse | None:
        if request.method == "POST" and not getattr(view, "csrf_exempt", False):
            try:
                request.POST = _storable(request.POST)  # type: ignore[assignment]
            except UnreadablePostError:
                return None  # the client has gone; the CSRF protection answers
        return None


def _storable(given: QueryDict) -> QueryDict:
    found = given.copy()
    for name, texts in given.lists():
        found.setlist(name, [storable(text) for text in texts])
    return found if found != given else given
