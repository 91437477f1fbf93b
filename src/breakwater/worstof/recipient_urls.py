"""Addresses of recipients: their pages at the desk, their downloads, TAXII."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
