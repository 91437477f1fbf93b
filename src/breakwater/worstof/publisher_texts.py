"""What keeps the publisher, or the primary for one recipient, from going on, in plain words."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from breakwater.worstof.models import Recipient

# How a publisher's problem begins, and what it means. Its own words may hold a name.
PROBLEMS: Mapping[str, str | Promise] = {
    "The database ends at": lazy(
        "The database was restored from an older copy. What was published last stays in force."
    ),
    "The digests of": lazy(
        "The names kept are not those that were signed. What was published last stays in force."
    ),
    "The names kept": lazy(
        "The names kept are not those that were signed. What was published last stays in force."
    ),
    "The mark of": lazy(
        "The file that says how far publishing came is damaged. What was published last stays in "
        "force."
    ),
    "The live check does not run": lazy(
        "The check that no wrong name gets blocked does not run. No name is added until it does; "
        "names that leave the list still leave it."
    ),
    "The live check": lazy(
        "The check that no wrong name gets blocked does not answer. Nothing is published until "
        "it does."
    ),
    "The resolver for the live check": lazy(
        "The check that no wrong name gets blocked does not answer. Nothing is published until "
        "it does."
    ),
    "Names that must never be blocked": lazy("A name that must never be blocked did not resolve."),
    "BadKeyName": lazy(
        "The key name is the desk's own or too long: close the recipient, and make another."
    ),
    "BadAddress": lazy("One of its addresses has no port."),
    "BadConfiguration": lazy(
        "The primary does not take its new configuration: recipients and keys that changed since "
        "wait. The others get what is published."
    ),
    "never-block.txt": lazy(
        "A line of the file of names never to block cannot be read. No name is added until it is "
        "put right; names that leave the list still leave it."
    ),
    "PrimaryFailed: the primary answered": lazy(
        "The primary, which providers take the list from, does not take the change."
    ),
    "PrimaryFailed": lazy("The primary, which providers take the list from, does not answer."),
    "NoBind": lazy("The primary, which providers take the list from, cannot be started."),
    "The primary has serial": lazy(
        "The database was restored from an older copy. What was published last stays in force."
    ),
    "ZoneRefused: BIND does not answer": lazy(
        "The primary, which providers take the list from, does not answer."
    ),
    "ZoneRefused": lazy(
        "The primary, which providers take the list from, does not take the change."
    ),
    "OtherSerial": lazy("The primary has another list than the desk believed; it is written anew."),
    "OSError": lazy("The disk failed or is full. What was published last stays in force."),
    "BadKey": lazy("The key that signs the list cannot be used."),
}


def plain(problem: str) -> str:
    """A publisher's problem in plain words, without a name."""
    for begin, text in PROBLEMS.items():
        if problem.startswith(begin):
            return str(text)
    return _("It failed for a reason that the server's log says.")


def kept_back(recipient: Recipient) -> str:
    """Why the primary has not got for a recipient what was published last; "" if it has."""
    is_served = recipient.transfers and not recipient.closed_at
    return plain(recipient.stays_because) if is_served and recipient.stays_because else ""
