"""Addresses of the figures room."""

from django.urls import path

from breakwater.figures import views

urlpatterns = [
    path("figures/", views.dashboard, name="figures"),
    path("figures/countries/", views.countries_page, name="figures-countries"),
    path("figures/countries/<str:iso2>/", views.country, name="figures-country"),
    path("figures/regions/<slug:slug>/", views.region, name="figures-region"),
    path("figures/compare/", views.compare, name="figures-compare"),
    path("figures/providers/", views.providers, name="figures-providers"),
    path("figures/types/", views.types, name="figures-types"),
    path("figures/people/", views.people, name="figures-people"),
    path("figures/quality/", views.quality, name="figures-quality"),
]
