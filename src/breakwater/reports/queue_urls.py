"""Addresses of the queue, of bundles and of reports."""

from django.urls import path

from breakwater.reports import bundle_views, queue_views

urlpatterns = [
    path("queue/", queue_views.queue_page, name="queue"),
    path("queue/preview/", queue_views.preview, name="queue-preview"),
    path("queue/merge/", queue_views.merge, name="queue-merge"),
    path("queue/undo/", queue_views.undo, name="queue-undo"),
    path("queue/decide/<str:verb>/", queue_views.decide, name="queue-decide"),
    path("bundles/<int:pk>/", bundle_views.bundle_page, name="bundle"),
    path("bundles/<int:pk>/split/", bundle_views.split, name="bundle-split"),
    path(
        "bundles/<int:pk>/take-apart/<int:change>/",
        bundle_views.take_apart,
        name="bundle-take-apart",
    ),
    path("reports/<str:number>/", bundle_views.report_page, name="report"),
    path("reports/<str:number>/original/", bundle_views.report_original, name="report-original"),
]
