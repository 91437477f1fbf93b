"""Addresses of the pages on which entries live: board, entry, nomination."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
