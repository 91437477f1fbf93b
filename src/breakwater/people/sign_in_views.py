"""Signing in and out. Throttling is django-axes'; here it gets its sentence and its entry."""

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from breakwater.people import actions, sessions
from breakwater.people.forms import SignInForm
from breakwater.people.models import Role

DEMO_PASSWORD = "correct horse battery"  # noqa: S105 (shown on the demo's sign-in page)


class SignIn(LoginView):
    template_name = "people/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True
    extra_context = {
        "room": "sign-in",
        "demo_password": DEMO_PASSWORD,
        "demo_accounts": [(role.value, role.label) for role in Role],
    }

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        sessions.sign_in(self.request, form.get_user(), at=timezone.now())
        return HttpResponseRedirect(self.get_success_url())

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        is_locked = bool(getattr(self.request, "axes_locked_out", False))
        name = form.data.get("username", "")
        actions.note_failed_sign_in(name, is_locked=is_locked, at=timezone.now())
        return super().form_invalid(form)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    if request.user.is_authenticated:
        sessions.sign_out(request, request.user, at=timezone.now())
    return redirect("sign-in")
