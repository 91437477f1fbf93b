"""Why a verb cannot be done to an entry now."""


class Refusal(Exception):
    """A verb cannot be done to this entry now; the class says why."""


class WrongState(Refusal):
    """The entry is in a state in which this cannot be done."""


class NotYours(Refusal):
    """The list takes authorities of one country only, and this is another."""


class AlreadyNominated(Refusal):
    """This authority has put the domain forward already, with the same evidence."""


class NotSeenLately(Refusal):
    """Said to be online, but seen longer ago than three months, or in the future."""


class JudgedIt(Refusal):
    """An extra signature has to come from somebody who did not judge the entry."""


class SignedIt(Refusal):
    """A judgement has to come from somebody who did not sign the entry."""


class SignedAlready(Refusal):
    """One person signs once."""


class BroughtIn(Refusal):
    """This person brought another authority's word in: two words need two people."""


class OwnHands(Refusal):
    """Whoever brings a partner's word in has spoken here already: two words need two people."""


class SeenOthers(Refusal):
    """Whoever can read what others said verifies nothing, and takes nothing back, in that round."""


class Guarded(Refusal):
    """A guard forbids the name."""


class TooLate(Refusal):
    """Ten minutes have passed, or something has followed."""


class NoReason(Refusal):
    """It has to be said why."""
