"""Addresses of the work page."""

from django.urls import path

from breakwater.reports import work_views as views

urlpatterns = [
    path("work/", views.work_page, name="work"),
    path("work/retry/", views.retry_stuck, name="work-retry"),
    path("work/jobs/<str:name>/retry/", views.retry_job, name="work-job-retry"),
]
