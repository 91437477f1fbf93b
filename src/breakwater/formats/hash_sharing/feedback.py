"""Reads and writes what members say of each other's entries."""

from collections.abc import Iterator

from breakwater.formats.hash_entry import Advice, Problem
from breakwater.formats.hash_sharing.document import (
    Element,
    Notes,
    SharingError,
    add,
    dump,
    instant,
    local_name,
    new,
    parse,
    text_of,
)
from breakwater.formats.hash_sharing.values import (
    EntryFeedback,
    Member,
    Opinion,
    Reason,
    Submission,
)

_SENTIMENTS = {"affirmativeFeedback": True, "negativeFeedback": False}
_REASONS = "availableFeedbackReasons"


def member_of(element: Element, place: str, notes: Notes) -> Member | None:
    member_id = (element.get("id") or "").strip()
    if not member_id:
        notes.add(f"{place}/member", "id", Problem.MISSING, Advice.VALUE_LEFT_OUT)
        return None
    return Member(member_id, text_of(element))


def entry_feedback(element: Element, place: str, notes: Notes) -> EntryFeedback:
    opinions: list[Opinion] = []
    for child in element:
        name = local_name(child)
        if name in _SENTIMENTS:
            opinions += _opinions(child, _SENTIMENTS[name], f"{place}/{name}", notes)
        else:
            notes.unknown(place, child)
    changed = notes.time(place, "lastUpdateTimestamp", element.get("lastUpdateTimestamp"))
    return EntryFeedback(tuple(opinions), changed)


def _opinions(element: Element, agrees: bool, place: str, notes: Notes) -> list[Opinion]:
    """Read one sentiment: members alone, or reasons each followed by (or around) members."""
    kind = element.get("type") or ""
    at = notes.time(place, "lastUpdateTimestamp", element.get("lastUpdateTimestamp"))
    opinions: list[Opinion] = []
    reason: Reason | None = None
    for child in _flat(element):
        name = local_name(child)
        if name == "reason":
            if reason is not None:
                opinions.append(Opinion(kind, agrees, (), reason, at))
            reason = _reason(child)
        elif name == "members":
            found = (member_of(m, place, notes) for m in child if local_name(m) == "member")
            when = notes.time(place, "timestamp", child.get("timestamp")) or at
            members = tuple(m for m in found if m is not None)
            opinions.append(Opinion(kind, agrees, members, reason, when))
            reason = None
        else:
            notes.unknown(place, child)
    if reason is not None or not opinions:
        opinions.append(Opinion(kind, agrees, (), reason, at))
    return opinions


def _flat(element: Element) -> Iterator[Element]:
    """Give reasons and members in their order, however they are nested in one another."""
    for child in element:
        name = local_name(child)
        if name != "reasons":
            yield child
        if name in ("reasons", "reason"):
            yield from _flat(child)


def _reason(element: Element) -> Reason:
    return Reason(element.get("guid") or "", element.get("name") or "", element.get("type") or "")


def put_feedback(parent: Element, feedback: EntryFeedback) -> None:
    """Write the feedback of an entry; nothing if there is none."""
    if not feedback.opinions and feedback.changed_at is None:
        return
    changed = instant(feedback.changed_at) if feedback.changed_at else ""
    element = add(parent, "feedback", lastUpdateTimestamp=changed)
    for opinion in feedback.opinions:
        _put_opinion(element, opinion)


def _put_opinion(parent: Element, opinion: Opinion) -> None:
    at = instant(opinion.at) if opinion.at else ""
    name = "affirmativeFeedback" if opinion.agrees else "negativeFeedback"
    element = add(parent, name, type=opinion.kind, lastUpdateTimestamp=at)
    if opinion.reason is not None:
        element = add(element, "reasons")
        _put_reason(element, opinion.reason)
    members = add(element, "members", timestamp=at)
    for member in opinion.members:
        put_member(members, member)


def put_member(parent: Element, member: Member) -> None:
    add(parent, "member", member.name, id=member.member_id)


def _put_reason(parent: Element, reason: Reason) -> None:
    add(parent, "reason", guid=reason.guid, name=reason.name, type=reason.kind)


def read_reasons(data: bytes) -> tuple[Reason, ...]:
    """Read the reasons that a server offers for disagreeing.

    Raises:
        SharingError: not such a document.
    """
    # The open client looks for the list inside of a root, its samples have it as the root.
    root, _ = parse(data)
    if local_name(root) != _REASONS and root.find(f".//{{*}}{_REASONS}") is None:
        raise SharingError(local_name(root), f"expected <{_REASONS}> as the root")
    found = [_reason(element) for element in root.iter("{*}reason")]
    return tuple(reason for reason in found if reason.guid)


def write_reasons(reasons: tuple[Reason, ...]) -> bytes:
    root = new("feedback")
    # The open client looks for the list inside of a root.
    offered = add(root, _REASONS)
    for reason in reasons:
        _put_reason(offered, reason)
    return dump(root)


def read_submission(data: bytes) -> Submission:
    """Read feedback that a member gives on one kind of hash of one entry.

    Raises:
        SharingError: not such a document, neither or both of the two answers, or
            disagreement without a reason.
    """
    root, notes = parse(data, "feedbackSubmission")
    answers = [child for child in root if local_name(child) in ("affirmative", "negative")]
    for child in root:
        if child not in answers:
            notes.unknown("feedbackSubmission", child)
    if len(answers) != 1:
        raise SharingError("feedbackSubmission", "expected one of affirmative and negative")
    if local_name(answers[0]) == "affirmative":
        return Submission(True, (), tuple(notes.faults))
    texts = [text_of(guid) for guid in answers[0].iter("{*}guid")]
    guids = tuple(text for text in texts if text)
    if not guids:
        reason = "expected the guid of a reason at least"
        raise SharingError("feedbackSubmission/negative/reasonIds", reason)
    return Submission(False, guids, tuple(notes.faults))


def write_submission(submission: Submission) -> bytes:
    root = new("feedbackSubmission")
    if submission.agrees:
        add(root, "affirmative")
        return dump(root)
    reasons = add(add(root, "negative"), "reasonIds")
    for guid in submission.reason_guids:
        add(reasons, "guid", guid)
    return dump(root)
