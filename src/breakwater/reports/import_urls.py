"""Addresses of the police door."""

from django.urls import path

from breakwater.reports import import_views as views

urlpatterns = [
    path("import/", views.import_page, name="import"),
    path("import/<int:pk>/", views.delivery_page, name="delivery"),
    path("import/<int:pk>/progress/", views.delivery_progress, name="delivery-progress"),
    path("import/<int:pk>/results.csv", views.delivery_csv, name="delivery-csv"),
]
