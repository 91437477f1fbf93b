"""Addresses of this room, each part's own list under one roof."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("breakwater.reports.queue_urls")),
    path("", include("breakwater.reports.import_urls")),
    path("", include("breakwater.reports.work_urls")),
    path("", include("breakwater.reports.account_urls")),
]
