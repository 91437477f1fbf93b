"""Pages that belong to no room: where a person starts, help, and what went wrong."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import check_for_language
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import set_language

from breakwater.people.access import signed_in, user_may
from breakwater.people.models import User

STARTS = (
    ("queue.see", "queue"),
    ("bundle.see", "queue"),
    ("people.manage", "people"),
    ("figures.see", "figures"),
    ("log.see", "log"),
    ("worstof.see", "worst-of"),
)


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponseBase:
    """Lead each person to the first page that their role works with."""
    user = signed_in(request)
    for action, url in STARTS:
        if user_may(user, action):
            return redirect(url)
    return render(request, "site/no_rights.html", status=403)


@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "site/help.html")


def no_such_page(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "site/404.html", status=404)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "site/403.html", status=403)


def failed(request: HttpRequest) -> HttpResponse:
    return render(request, "site/500.html", status=500)


def bad_token(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "site/csrf.html", status=403)


@require_POST
def choose_language(request: HttpRequest) -> HttpResponseBase:
    """Change the language of the pages, and keep the choice of somebody who is signed in."""
    language = request.POST.get("language", "")
    if isinstance(request.user, User) and check_for_language(language):
        request.user.language = language
        request.user.save(update_fields=["language"])
    return set_language(request)
