"""Every address of the desk: each room's own list under one roof."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("ispws/", include("breakwater.reports.door_urls")),
]
