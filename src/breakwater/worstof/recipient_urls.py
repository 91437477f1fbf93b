"""Addresses of recipients: their pages at the desk, what they block, downloads, TAXII."""

from django.urls import URLPattern, path

from breakwater.worstof import (
    apart_views,
    download_views,
    held_views,
    misp_views,
    overview_views,
    taxii_views,
)
from breakwater.worstof import recipient_views as recipients

_ONE = "worst-of/recipients/<int:pk>/"

urlpatterns: list[URLPattern] = [
    path("worst-of/recipients/", recipients.recipients_page, name="worst-of-recipients"),
    path("worst-of/recipients/new/", recipients.new_recipient, name="worst-of-recipient-new"),
    path("worst-of/recipients/trace/", recipients.trace_page, name="worst-of-trace"),
    path(_ONE, recipients.recipient_page, name="worst-of-recipient"),
    path(f"{_ONE}grant/", recipients.grant, name="worst-of-recipient-grant"),
    path(f"{_ONE}addresses/", recipients.set_addresses, name="worst-of-recipient-addresses"),
    path(f"{_ONE}secrets/", recipients.new_secrets, name="worst-of-recipient-secrets"),
    path(f"{_ONE}closed/", recipients.set_closed, name="worst-of-recipient-closed"),
    path("blocking/", overview_views.overview_page, name="worst-of-overview"),
    path("worst-of/held/", held_views.held_changes, name="worst-of-held"),
    path("worst-of/held/queue/", apart_views.queue_all, name="worst-of-apart-queue"),
    path("worst-of/held/take-off/", apart_views.take_off, name="worst-of-apart-take-off"),
    path("worst-of/held/<int:pk>/", held_views.decide_held, name="worst-of-held-decide"),
    path("worst-of/lists/<slug:form>", download_views.download, name="api-worst-of-download"),
    path(
        "worst-of/lists/<slug:form>/manifest", download_views.manifest, name="api-worst-of-manifest"
    ),
    path("worst-of/misp/<str:name>", misp_views.feed_file, name="api-worst-of-misp"),
]
_one = "taxii2/worst-of/collections/<str:id>/"
urlpatterns += [
    path("taxii2/", taxii_views.discovery, name="api-taxii"),
    path("taxii2/worst-of/", taxii_views.api_root, name="api-taxii-root"),
    path("taxii2/worst-of/collections/", taxii_views.collections, name="api-taxii-collections"),
    path(_one, taxii_views.collection, name="api-taxii-collection"),
    path(f"{_one}objects/", taxii_views.contents, {"what": "objects"}, "api-taxii-objects"),
    path(f"{_one}manifest/", taxii_views.contents, {"what": "manifest"}, "api-taxii-manifest"),
    path(
        f"{_one}objects/<str:object_id>/",
        taxii_views.contents,
        {"what": "objects"},
        "api-taxii-object",
    ),
    path(
        f"{_one}objects/<str:object_id>/versions/",
        taxii_views.contents,
        {"what": "versions"},
        "api-taxii-versions",
    ),
]
