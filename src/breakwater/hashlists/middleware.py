"""Says on any page that asked that hashes cannot be looked up for a moment."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from breakwater.hashlists.index import MADE_ANEW_IN, Unreadable


class UnreadableIndexMiddleware(MiddlewareMixin):
    get_response: Callable[[HttpRequest], HttpResponse]

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        if not isinstance(problem, Unreadable):
            return None
        response = render(request, "hashlists/unreadable.html", status=503)
        response["Retry-After"] = str(MADE_ANEW_IN)
        return response
