"""The address that a request came from: the one way to read it, for throttles, logs and sign-ins."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Give the client's address, also behind proxies that the operator trusts.

    Each proxy adds the address that it was called from at the end of X-Forwarded-For. So many
    entries from the end as there are trusted proxies stands the client's; whatever stands before
    it was written by the client and means nothing. A request that did not come through all of
    them, or a header that holds no address there, counts as coming from the neighbour.
    """
    neighbour = str(request.META.get("REMOTE_ADDR", ""))
    proxies = settings.CONFIG.trusted_proxies
    if not proxies:
        return neighbour
    told = request.headers.get("X-Forwarded-For", "").split(",")
    if len(told) < proxies:
        return neighbour
    return _read(told[-proxies]) or neighbour


def _read(text: str) -> str:
    """An address as proxies write it, also with a port behind it; empty if it is none."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return ""
