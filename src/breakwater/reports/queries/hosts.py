"""How many reports name a host, for rooms that decide about hosts."""

from collections.abc import Iterable

from django.db.models import Count

from breakwater.reports.models import UrlHost


def reports_naming(hosts: Iterable[str]) -> dict[str, int]:
    """Of each host (A-labels), the reports with an address on it or below it; none: left out.

    One query, whatever the number of hosts. No report is read and nothing else is told of it.
    """
    rows = UrlHost.objects.filter(host__in=list(hosts)).order_by().values_list("host")
    return dict(rows.annotate(n=Count("selector__appearance__report", distinct=True)))
