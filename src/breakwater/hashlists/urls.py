"""Addresses of the hash lists."""

from django.urls import path

from breakwater.hashlists import import_views, lookup_api, lookup_views, views

urlpatterns = [
    path("hash-lists/", views.overview, name="hash-lists"),
    path("hash-lists/new/", views.new_list, name="hash-list-new"),
    path("hash-lists/look-up/", lookup_views.lookup, name="hash-lookup"),
    path("hash-lists/look-up.csv", lookup_views.lookup_csv, name="hash-lookup-csv"),
    path("hash-lists/<int:pk>/", views.one_list, name="hash-list"),
    path("hash-lists/<int:pk>/terms/", views.list_terms, name="hash-list-terms"),
    path("hash-lists/<int:pk>/retired/", views.set_retired, name="hash-list-retired"),
    path("hash-lists/<int:pk>/progress/", import_views.progress, name="hash-list-progress"),
    path("hash-lists/<int:pk>/import/", import_views.import_page, name="hash-list-import"),
    path("hash-lists/imports/<int:pk>/", import_views.change_page, name="hash-list-change"),
    path("hash-lists/imports/<int:pk>/columns/", import_views.columns, name="hash-list-columns"),
    path("hash-lists/imports/<int:pk>/discard/", import_views.throw_away, name="hash-list-discard"),
    path(
        "hash-lists/imports/<int:pk>/faults.csv", import_views.faults_csv, name="hash-list-faults"
    ),
    path("hash-lists/entries/<int:pk>/", lookup_views.entry_page, name="hash-entry"),
    path("hashsharing/lookup", lookup_api.lookup, name="api-hash-lookup"),
]
