"""What every page's template knows of the desk: its country, and the rooms open to the reader."""

from dataclasses import dataclass, replace

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from breakwater.people.access import user_may

# URL name, right, icon, word, key after `g`; a room whose folder is gone has no address.
ROOMS = (
    ("queue", "bundle.see", "inbox", _("Queue"), "q"),
    ("import", "import.files", "upload", _("Hand in"), "i"),
    ("hash-lists", "lists.see", "hash", _("Hash lists"), "h"),
    ("worst-of", "worstof.see", "shield", _("Worst Of list"), "b"),
    ("worst-of-overview", "worstof.overview", "eye", _("Blocking"), "k"),
    ("figures", "figures.see", "chart", _("Figures"), "f"),
    ("work", "work.see", "gear", _("Work"), "w"),
    ("log", "log.see", "list", _("Log"), "l"),
    ("people", "people.manage", "users", _("People"), "p"),
    ("accounts", "people.manage", "lock", _("Provider accounts"), "a"),
)
# Pages that stand under a room without beginning with its address.
UNDER = {"/bundles/": "queue", "/reports/": "queue"}


@dataclass(frozen=True, slots=True)
class Room:
    url: str
    icon: str
    word: str
    key: str
    is_here: bool


def _rooms(request: HttpRequest) -> list[Room]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    under = next((room for start, room in UNDER.items() if request.path.startswith(start)), "")
    found = []
    for name, right, icon, word, key in ROOMS:
        if not user_may(user, right):
            continue
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        found.append((name, Room(url, icon, str(word), key, False)))
    here = under or _nearest(request.path, {name: room.url for name, room in found})
    return [replace(room, is_here=name == here) for name, room in found]


def _nearest(path: str, urls: dict[str, str]) -> str:
    """The room whose address the page's begins with; of two, the longer."""
    above = [name for name, url in urls.items() if path.startswith(url)]
    return max(above, key=lambda name: len(urls[name]), default="")


def desk(request: HttpRequest) -> dict[str, object]:
    return {
        "desk_country": settings.DESK_COUNTRY,
        "is_demo": settings.DEMO,
        "rooms": lazy(lambda: _rooms(request), list)(),
    }
