"""Who may do what: a table of roles and kinds of agency. Whose bundle it is, the rooms decide.

An action that is not in the table is refused to everybody.
"""

from datetime import datetime, timedelta
from unicodedata import normalize

ACTIONS = (
    "queue.see",
    "bundle.see",
    "bundle.work",
    "bundle.supervise",
    "report.see",
    "import.files",
    "work.see",
    "figures.see",
    "lists.see",
    "lists.manage",
    "lists.lookup",
    "worstof.see",
    "worstof.nominate",
    "worstof.assess",
    "worstof.sign",
    "worstof.manage",
    "worstof.overview",
    "log.see",
    "people.manage",
    "api.read",
)

_DESK = frozenset(
    {
        "queue.see",
        "bundle.see",
        "bundle.work",
        "report.see",
        "import.files",
        "figures.see",
        "lists.see",
        "lists.lookup",
        "api.read",
    }
)
# What an officer of another country's authority does here: judge domains, and nothing else.
_ASSESSOR = frozenset({"worstof.see", "worstof.nominate", "worstof.assess"})
_OFFICER = _DESK | _ASSESSOR | {"worstof.sign", "worstof.overview"}
_OF_ROLE: dict[str, frozenset[str]] = {
    "officer": _OFFICER,
    "supervisor": _OFFICER | {"bundle.supervise", "lists.manage", "worstof.manage", "work.see"},
    "assessor": _ASSESSOR,
    # A reader sees what a supervisor shared with the reader's agency, see `only_shared`.
    "reader": frozenset({"bundle.see", "report.see", "api.read"}),
    "analyst": frozenset({"figures.see", "worstof.overview", "api.read"}),
    "auditor": frozenset({"log.see"}),
    # An administrator sees whether lists are taken in, not what they say of a file.
    "administrator": frozenset(
        {"people.manage", "work.see", "figures.see", "lists.see", "worstof.overview"}
    ),
}

_EVERY_KIND = frozenset(
    {
        "police",
        "prosecutor",
        "judiciary",
        "forensic_lab",
        "cert",
        "regulator",
        "ministry",
        "ngo",
        "provider",
    }
)
_KINDS_OF_ROLE: dict[str, frozenset[str]] = {
    "officer": frozenset({"police"}),
    "supervisor": frozenset({"police"}),
    "assessor": frozenset({"police", "prosecutor"}),
    "reader": frozenset({"police", "prosecutor", "judiciary", "forensic_lab"}),
    "analyst": _EVERY_KIND,
    "auditor": _EVERY_KIND - {"provider"},
    "administrator": frozenset({"police", "ministry"}),
}

# How well each provider blocks is for those who oversee them, not for the others.
_NOT_FOR_KIND = frozenset({("provider", "worstof.overview")})

# A tired officer's screen is left alone more often than it is signed out.
IDLE_LIMIT = timedelta(hours=1)
SIGNED_IN_LIMIT = timedelta(hours=12)
FIRST_PASSWORD_LIFE = timedelta(hours=72)
TOKEN_DAYS = (30, 90, 365)


def may(role: str, agency_kind: str, action: str, *, is_guest: bool = False) -> bool:
    """Whether the table opens an action; a guest is somebody of another country's agency.

    Whatever a guest's role is called, it opens at most what an assessor has: another country's
    supervisor decides neither about this country's reports nor about who gets its lists.
    """
    is_open = action in _OF_ROLE.get(role, ()) and (agency_kind, action) not in _NOT_FOR_KIND
    return is_open and fits(role, agency_kind) and (not is_guest or action in _ASSESSOR)


def fits(role: str, agency_kind: str) -> bool:
    """Whether this kind of agency can have people of this role at all."""
    return agency_kind in _KINDS_OF_ROLE.get(role, ())


def only_shared(role: str) -> bool:
    """Whether this role sees a bundle or report only after it was shared with its agency."""
    return role == "reader"


def session_is_over(signed_in_at: datetime, seen_at: datetime, now: datetime) -> bool:
    return now - seen_at > IDLE_LIMIT or now - signed_in_at > SIGNED_IN_LIMIT


def plain(name: str) -> str:
    """A name as two people or desks would write it: capitals, spaces and composed letters say
    nothing."""
    return " ".join(normalize("NFKC", name).casefold().split())
