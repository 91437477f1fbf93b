"""The read API under one roof, and the page that describes it."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from breakwater.people.api_access import Key, session


class Described(NinjaAPI):
    """Describes the look-up of hashes as well, which accounts of others call and no key opens."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        document = super().get_openapi_schema(**options)
        if find_spec("breakwater.hashlists"):
            lookup = import_module("breakwater.hashlists.lookup_description")
            document["paths"].update(lookup.PATHS)
            document["components"].setdefault("securitySchemes", {}).update(lookup.SCHEME)
        return document


api = Described(
    title="Breakwater",
    version="1",
    description="Read bundles, reports and figures. Every read of personal data is logged.",
    docs_url=None,  # the page below: no foreign script, all languages, a strict CSP
    auth=[Key(), session],
)
for _room in ("reports", "figures"):
    if find_spec(f"breakwater.{_room}.api"):
        api.add_router("", import_module(f"breakwater.{_room}.api").router)


@require_GET
@login_required
def api_page(request: HttpRequest) -> HttpResponse:
    """Describe every address of the API from its own OpenAPI document."""
    document = api.get_openapi_schema()
    operations = [
        _described(path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return render(request, "site/api.html", {"operations": operations})


def _described(path: str, method: str, operation: dict[str, Any]) -> dict[str, object]:
    return {
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "parameters": [
            {
                "name": p["name"],
                "where": p["in"],
                "type": p["schema"].get("type", ""),
                "required": p.get("required", False),
                "text": p.get("description") or p["schema"].get("description", ""),
            }
            for p in operation.get("parameters", [])
        ],
    }
