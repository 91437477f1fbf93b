"""Addresses that need no account: appeals, the stop page, the transparency log."""

from django.urls import path

from breakwater.worstof import appeal_views as appeals
from breakwater.worstof import stop_page
from breakwater.worstof import transparency_pages as pages
from breakwater.worstof import transparency_views as transparency

urlpatterns = [
    path("appeal/", appeals.appeal, name="appeal"),
    path("appeal/status/", appeals.status, name="appeal-status"),
    path("stop/", stop_page.stop, name="stop"),
    path("transparency/", pages.about, name="transparency"),
    path("transparency/report/", pages.report, name="transparency-report"),
    path("transparency/report.csv", pages.report_csv, name="transparency-report-csv"),
    path("transparency/report.json", pages.report_json, name="transparency-report-json"),
    path("transparency/key", transparency.key, name="transparency-key"),
    path("transparency/head", transparency.head, name="transparency-head"),
    path("transparency/heads", transparency.heads, name="transparency-heads"),
    path("transparency/leaves", transparency.leaves, name="transparency-leaves"),
    path("transparency/consistency", transparency.consistency, name="transparency-consistency"),
    path("transparency/proof", transparency.proof, name="transparency-proof"),
]
