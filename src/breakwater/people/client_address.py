"""The network address of whoever calls, also when proxies stand in front of the desk."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address that the outermost of our own proxies saw; without proxies, the connection's.

    Each proxy adds to X-Forwarded-For on the right; what stands left of ours anybody can write.
    "" if the server knows none.
    """
    proxies = settings.CONFIG.trusted_proxies
    said = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if proxies and len(said) >= proxies and said[-proxies].strip():
        return str(said[-proxies].strip())
    return str(request.META.get("REMOTE_ADDR", ""))
