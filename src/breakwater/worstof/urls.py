"""Addresses of the Worst Of room: the desk's own pages, the public's, the recipients'."""

from breakwater.worstof import desk_urls, import_urls, public_urls, recipient_urls

urlpatterns = [
    *desk_urls.urlpatterns,
    *import_urls.urlpatterns,
    *public_urls.urlpatterns,
    *recipient_urls.urlpatterns,
]
