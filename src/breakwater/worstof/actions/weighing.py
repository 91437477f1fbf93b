"""Keeps what the order of those to be verified again is made of, so that no page counts reports."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from breakwater.reports.queries.hosts import reports_naming
from breakwater.storage import bulk
from breakwater.worstof.models import Entry

AGAIN_AFTER = timedelta(minutes=10)
AT_ONCE = 1000


def count_reports(at: datetime) -> bool:
    """Count the reports that name a domain that is due, ten minutes after the last time.

    Says whether it counted. Derived, and so not in the audit log.
    """
    stale = Q(reports_counted_at=None) | Q(reports_counted_at__lte=at - AGAIN_AFTER)
    due = Entry.objects.filter(stale, state=Entry.State.DUE)
    first = F("reports_counted_at").asc(nulls_first=True)
    names = dict(due.order_by(first, "pk").values_list("pk", "name")[:AT_ONCE])
    if not names:
        return False
    found = reports_naming(set(names.values()))
    rows = [(found.get(name, 0), at, pk) for pk, name in names.items()]
    with transaction.atomic():
        bulk.update(Entry, ("reports", "reports_counted_at"), rows)
    return True
