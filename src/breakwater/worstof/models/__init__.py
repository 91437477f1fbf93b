"""What the desk keeps of domains: who nominated and judged them, what was published, who got it."""

from breakwater.worstof.models.entries import Entry, Nomination, Signature, Step
from breakwater.worstof.models.judging import Answer, Assessment, Confidence
from breakwater.worstof.models.lists import BlockList, RuleChange
from breakwater.worstof.models.log import LogCount, LogHead, LogLeaf, LogNode
from breakwater.worstof.models.partner_files import PartnerFile, PartnerLine
from breakwater.worstof.models.public import Appeal, AppealedName, StopCount
from breakwater.worstof.models.publishing import (
    HeldChange,
    Publication,
    PublisherState,
    ZoneChange,
    ZoneDigests,
    ZoneName,
)
from breakwater.worstof.models.recipients import Probe, Recipient, TransferSource

__all__ = [
    "Answer",
    "Appeal",
    "AppealedName",
    "Assessment",
    "BlockList",
    "Confidence",
    "Entry",
    "HeldChange",
    "LogCount",
    "LogHead",
    "LogLeaf",
    "LogNode",
    "Nomination",
    "PartnerFile",
    "PartnerLine",
    "Probe",
    "Publication",
    "PublisherState",
    "Recipient",
    "RuleChange",
    "Signature",
    "Step",
    "StopCount",
    "TransferSource",
    "ZoneChange",
    "ZoneDigests",
    "ZoneName",
]
