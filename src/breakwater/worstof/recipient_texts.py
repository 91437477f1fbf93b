"""The sentences of the recipients' pages."""

from math import isinf

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from breakwater.drawing import words
from breakwater.worstof.models import Probe, Publication, Recipient
from breakwater.worstof.queries.canaries import Trace
from breakwater.worstof.queries.proofs import Found


def count_answer(count: int) -> str:
    if not count:
        return _("Nobody gets the list yet")
    said = ngettext("%(n)s recipient gets the list", "%(n)s recipients get the list", count)
    return said % {"n": words.number(count)}


def answer(recipient: Recipient, found: Found | None) -> str:
    """What a recipient's page says first."""
    if recipient.closed_at:
        return _("%(name)s is closed: it gets nothing") % {"name": recipient.name}
    if found is None and not recipient.resolvers and recipient.blocks:
        return _(
            "%(name)s: none of its resolvers was entered, so nobody asks whether it blocks"
        ) % {"name": recipient.name}
    if found and found.coverage is None and found.refused:
        return _("%(name)s: its resolvers refuse the desk's questions, so nothing is known") % {
            "name": recipient.name
        }
    if found and found.coverage is None and found.unclear:
        return _("%(name)s: no answer of the last 24 hours tells whether it blocks") % {
            "name": recipient.name
        }
    if found is None or found.coverage is None:
        return _("%(name)s: its resolvers were not asked in the last 24 hours") % {
            "name": recipient.name
        }
    share = words.percent(found.coverage)
    if found.delay is None:
        return _("%(name)s blocks %(share)s of the names asked in the last 24 hours") % {
            "name": recipient.name,
            "share": share,
        }
    if isinf(found.delay):
        return _("%(name)s blocks %(share)s of the names asked, new ones not within a minute") % {
            "name": recipient.name,
            "share": share,
        }
    return _("%(name)s blocks %(share)s of the names asked, %(seconds)s s after a decision") % {
        "name": recipient.name,
        "share": share,
        "seconds": words.number(round(found.delay, 1)),
    }


def behind(recipient: Recipient, last: Publication | None) -> str:
    """How far what it took is behind what was published last."""
    if last is None:
        return _("Nothing was published yet")
    if recipient.taken is None and recipient.taken_at:
        return _("It took a list; of which publication is not known")
    if recipient.taken is None:
        return _("It never took the list")
    if recipient.taken >= last.serial:
        return _("It has what was published last")
    late = last.serial - recipient.taken
    said = ngettext("%(n)s publication behind", "%(n)s publications behind", late)
    return said % {"n": words.number(late)}


def refused(recipient: Recipient) -> str:
    """Why a provider's resolvers cannot take the list, or ""."""
    if not recipient.refusal:
        return ""
    return _("The primary refuses %(name)s: %(why)s.") % {
        "name": recipient.name,
        "why": recipient.get_refusal_display(),
    }


def asked_last(probe: Probe) -> str:
    """What stands beside a resolver in place of counts, if its answers told nothing; or ""."""
    if probe.problem == "no-answer":
        return _("left questions without answer")
    if probe.problem == "bad-address":
        return _("wrong address")
    if probe.problem == "refused":
        return _("refuses the desk's questions: the provider has to let the desk's address ask")
    if probe.problem:
        return _("fails to answer (%(code)s)") % {"code": probe.problem.upper()}
    return ""


def traced(found: Trace) -> str:
    """The answer to: whose copy is this?"""
    if not found.found:
        return _("No recipient's canary is in this file")
    names = ", ".join(row.recipient.name for row in found.found)
    if len(found.found) == 1:
        return _("This file was made of the copy of %(name)s") % {"name": names}
    return _("This file was made of the copies of %(names)s") % {"names": names}


def no_canary(found: Trace) -> str:
    chance = words.percent(found.none_by_chance)
    return _(
        "A copy of this size, taken blindly, has none of its canaries in %(chance)s of cases. "
        "Otherwise canaries were taken out, or it is no copy of this list."
    ) % {"chance": chance}
