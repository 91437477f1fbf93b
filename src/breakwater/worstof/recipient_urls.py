"""Addresses of recipients: their pages at the desk, their downloads, TAXII."""

from django.urls import URLPattern, path

from breakwater.worstof import download_views, held_views, misp_views

urlpatterns: list[URLPattern] = [
    path("worst-of/held/", held_views.held_changes, name="worst-of-held"),
    path("worst-of/held/<int:pk>/", held_views.decide_held, name="worst-of-held-decide"),
    path("worst-of/lists/<slug:form>", download_views.download, name="api-worst-of-download"),
    path(
        "worst-of/lists/<slug:form>/manifest", download_views.manifest, name="api-worst-of-manifest"
    ),
    path("worst-of/misp/<str:name>", misp_views.feed_file, name="api-worst-of-misp"),
]
