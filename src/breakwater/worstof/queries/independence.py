"""When an authority may read what others said in a round, and what it can still say then.

INTERPOL's criteria ask for independent reviews: who has read the others' answers verifies nothing.
A round is one set of judgements (`models.Entry.round`); rows are its assessments, oldest first.
"""

from collections.abc import Sequence

from breakwater.worstof.models import Assessment, BlockList
from breakwater.worstof.queries.judged import as_said, rule_of
from breakwater.worstof.rules.verdict import CRITERIA, NO, YES, Outcome, verdict


def is_open_to(agency: int | None, block_list: BlockList, rows: Sequence[Assessment]) -> bool:
    """Whether this authority may read the round: it has spoken, or the round is decided."""
    return has_spoken(agency, rows) or _was_decided(block_list, rows)


def has_spoken(agency: int | None, rows: Sequence[Assessment]) -> bool:
    """Whether it said yes or no to every criterion; "cannot say" opens nothing."""
    return any(
        row.agency_id == agency and all(getattr(row, name) in (YES, NO) for name in CRITERIA)
        for row in rows
    )


def has_company(agency: int | None, rows: Sequence[Assessment]) -> bool:
    """Whether another authority has judged in the round."""
    return any(row.agency_id != agency for row in rows)


def _was_decided(block_list: BlockList, rows: Sequence[Assessment]) -> bool:
    """Whether the round was verified or denied at one time; it stays open from then on.

    What an entry's state then tells everybody is what the answers were.
    """
    said, rule = as_said(rows), rule_of(block_list)
    return any(
        verdict(said[: number + 1], rule, at=said[number].at).outcome is not Outcome.WAITING
        for number in range(len(said))
    )
