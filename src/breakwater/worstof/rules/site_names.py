"""Under which name a site is put forward: `www.x.example` and `x.example` are one site.

A block covers all names below the listed one. If only `www.x.example` were listed, the same site
would stay open one label above, and two authorities could judge it under two names.
"""

from breakwater.formats.domain_name import DomainName
from breakwater.worstof.rules.guards import Suffixes

_WWW = "www."


def site_of(name: DomainName, suffixes: Suffixes) -> DomainName:
    """The name without one leading `www.`, unless many owners register below what is left."""
    rest = name.name.removeprefix(_WWW)
    if rest == name.name or suffixes.is_suffix(rest):
        return name
    return DomainName(rest, name.shown.removeprefix(_WWW))
