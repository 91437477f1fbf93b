"""Addresses of the providers' accounts."""

from django.urls import path

from breakwater.reports import account_views

urlpatterns = [
    path("provider-accounts/", account_views.accounts, name="accounts"),
    path("provider-accounts/<int:pk>/active/", account_views.account_active, name="account-active"),
]
