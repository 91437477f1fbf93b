"""Every address of the desk: each room's own list under one roof."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from breakwater.site import views
from breakwater.site.api import api, api_page

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("help/", views.help_page, name="help"),
    path("language/", views.choose_language, name="language"),
    path("api/", api_page, name="api"),
    path("api/v1/", api.urls),
    path("ispws/", include("breakwater.reports.door_urls")),
    path("", include("breakwater.reports.urls")),
]
# A room whose folder was deleted has no addresses, and nothing else changes.
urlpatterns += [
    path("", include(f"breakwater.{room}.urls"))
    for room in ("people", "custody", "hashlists", "worstof", "figures")
    if find_spec(f"breakwater.{room}.urls")
]
if find_spec("breakwater.hashlists"):
    urlpatterns.append(path("hashsharing/", include("breakwater.hashlists.sharing_urls")))
handler404 = "breakwater.site.views.no_such_page"
handler403 = "breakwater.site.views.not_allowed"
handler500 = "breakwater.site.views.failed"
