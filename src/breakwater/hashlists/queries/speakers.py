"""Who says what by the entries that matched: for pages of other rooms."""

from collections.abc import Iterable
from dataclasses import dataclass

from breakwater.hashlists.models import Entry


@dataclass(frozen=True, slots=True)
class Speaker:
    """An entry's list and source, and what it says: the source's grade beside the mapped one."""

    entry_id: int
    list_name: str
    source: str
    member: str
    grade: str
    mapped_grade: str


def speakers(entries: Iterable[int]) -> dict[int, Speaker]:
    """Entry number -> who speaks by it, in one query."""
    found = Entry.objects.filter(pk__in=set(entries)).select_related("hash_list")
    fields = ("hash_list__name", "hash_list__source", "member", "grade", "mapped_grade")
    return {pk: Speaker(pk, *said) for pk, *said in found.values_list("pk", *fields)}
