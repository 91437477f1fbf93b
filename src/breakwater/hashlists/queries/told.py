"""The entries of a list that anybody may be told of: those that finished changes wrote."""

from django.db.models import QuerySet

from breakwater.hashlists.models import Entry, HashList, ListChange


def told_of(of: HashList | int) -> QuerySet[Entry]:
    """Entries without the new ones of changes that are not finished; withdrawn ones among them.

    The few unfinished changes are named, so that a database reads a list in whatever order it is
    asked for.
    """
    unfinished = ListChange.objects.filter(hash_list=of, finished_at=None)
    return Entry.objects.filter(hash_list=of).exclude(changed_by__in=unfinished.values("pk"))
