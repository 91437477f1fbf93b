"""Addresses that need no account: appeals, the stop page, the transparency log."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
