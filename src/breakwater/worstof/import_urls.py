"""Addresses of the pages on which partners' files come in."""

from django.urls import URLPattern, path

from breakwater.worstof import import_views

_FILE = "worst-of/import/<int:pk>/"

urlpatterns: list[URLPattern] = [
    path("worst-of/import/", import_views.import_page, name="worst-of-import"),
    path("worst-of/import/template.csv", import_views.template, name="worst-of-import-template"),
    path(_FILE, import_views.file_page, name="worst-of-file"),
    path(f"{_FILE}confirm/", import_views.confirm, name="worst-of-file-confirm"),
    path(f"{_FILE}discard/", import_views.discard, name="worst-of-file-discard"),
]
