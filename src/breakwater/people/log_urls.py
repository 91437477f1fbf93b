"""Addresses of the audit log."""

from django.urls import path

from breakwater.people import log_views

urlpatterns = [
    path("log/", log_views.log, name="log"),
    path("log/export/", log_views.log_export, name="log-export"),
    path("log/verify/", log_views.log_verify, name="log-verify"),
]
