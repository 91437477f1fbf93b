"""What becomes of a domain: put forward, judged, listed, doubted, verified again, taken away.

Every verb locks the entry's row first, so that of two that come at once the second sees what the
first has done: two second verifications list a domain once.
"""

from breakwater.worstof.actions.life.clock import move_clocks
from breakwater.worstof.actions.life.ending import discuss, remove, settle, unlist
from breakwater.worstof.actions.life.guarding import look_at_new_tables
from breakwater.worstof.actions.life.judging import (
    MAY_BE_JUDGED,
    WITHDRAWABLE_FOR,
    Judgement,
    assess,
    withdraw,
)
from breakwater.worstof.actions.life.moves import OPEN, OVER
from breakwater.worstof.actions.life.nominating import Sighting, nominate
from breakwater.worstof.actions.life.refusals import (
    AlreadyNominated,
    BroughtIn,
    Guarded,
    JudgedIt,
    NoReason,
    NotSeenLately,
    NotYours,
    OwnHands,
    Refusal,
    SeenOthers,
    SignedAlready,
    SignedIt,
    TooLate,
    WrongState,
)
from breakwater.worstof.actions.life.restoring import restore
from breakwater.worstof.actions.life.signing import sign

__all__ = [
    "MAY_BE_JUDGED",
    "OPEN",
    "OVER",
    "WITHDRAWABLE_FOR",
    "AlreadyNominated",
    "BroughtIn",
    "Guarded",
    "JudgedIt",
    "Judgement",
    "NoReason",
    "NotSeenLately",
    "NotYours",
    "OwnHands",
    "Refusal",
    "SeenOthers",
    "Sighting",
    "SignedAlready",
    "SignedIt",
    "TooLate",
    "WrongState",
    "assess",
    "discuss",
    "look_at_new_tables",
    "move_clocks",
    "nominate",
    "remove",
    "restore",
    "settle",
    "sign",
    "unlist",
    "withdraw",
]
