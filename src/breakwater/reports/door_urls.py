"""Addresses of the provider door, as clients of the reporting API call them."""

from django.urls import path

from breakwater.reports import door_views as views

urlpatterns = [
    path("status", views.status, name="door-status"),
    path("xsd", views.xsd, name="door-xsd"),
    path("submit", views.submit, name="door-submit"),
    path("upload", views.upload, name="door-upload"),
    path("fileinfo", views.fileinfo, name="door-fileinfo"),
    path("finish", views.finish, name="door-finish"),
    path("retract", views.retract, name="door-retract"),
]
