"""Addresses of the Hash Sharing API: of all lists that were granted, and of each alone.

A client keeps how far it has come by its base address. One that pulls each list under its own
address begins a list that is granted later from that list's beginning.
"""

from django.urls import URLPattern, include, path, register_converter
from django.urls.converters import IntConverter

from breakwater.hashlists import sharing_views as views


class Number(IntConverter):
    """A number that fits the database; longer ones are no address of ours."""

    regex = "[0-9]{1,18}"


register_converter(Number, "number")


def _calls(name: str) -> list[URLPattern]:
    return [
        path("status", views.status, name=f"api-{name}-status"),
        path("members", views.members, name=f"api-{name}-members"),
        path("entries", views.entries, name=f"api-{name}-entries"),
        path("feedback/<kind>/reasons", views.reasons, name=f"api-{name}-reasons"),
        path(
            "entries/<number:member>/<number:entry>/<kind>/feedback",
            views.feedback,
            name=f"api-{name}-feedback",
        ),
    ]


urlpatterns = [
    path("v2/", include(_calls("sharing"))),
    path("lists/<number:only>/v2/", include(_calls("sharing-list"))),
]
