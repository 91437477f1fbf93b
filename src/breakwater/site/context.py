"""What every page's template knows of the desk."""

from django.conf import settings
from django.http import HttpRequest


def desk(request: HttpRequest) -> dict[str, object]:
    return {"desk_country": settings.DESK_COUNTRY, "is_demo": settings.DEMO}
