"""Says whether a document keeps the API's rules, and if not, which element breaks which.

The answer names the first fault by element path, as `report/victim[2]/age`, with what
was expected, because a provider's engineer reads it in a log at night.
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime

from lxml import etree

from breakwater.formats.ispws import schema
from breakwater.formats.ispws.parsing import Invalid, local_name, parse, text_of
from breakwater.formats.ispws.schema import Attribute, Child, Content, Group


def validate_report(data: bytes, *, now: datetime | None = None) -> etree._Element:
    """Check a `<report>` and give its tree.

    Raises:
        NotXml, Invalid: with the path and the reason.
    """
    root = parse(data, "report")
    _check_group(root, schema.REPORT, "report", now)
    _check_mail_belongs_to_somebody(root)
    if root.find("{*}batchedReport") is not None:
        _check_batch(root)
    return root


def validate_file_details(data: bytes, *, now: datetime | None = None) -> etree._Element:
    """Check a `<fileDetails>` and give its tree. Raises like `validate_report`."""
    root = parse(data, "fileDetails")
    _check_group(root, schema.FILE_DETAILS, "fileDetails", now)
    _check_file_rules(root)
    return root


def _check_group(element: etree._Element, group: Group, path: str, now: datetime | None) -> None:
    if (element.text or "").strip():
        raise Invalid(path, "expected elements, not text")
    children = list(element)
    if group.one_of and len(children) != 1:
        names = ", ".join(c.name for c in group.children)
        raise Invalid(path, f"expected exactly one of {names}")
    by_name = {c.name: (i, c) for i, c in enumerate(group.children)}
    seen: Counter[str] = Counter()
    furthest = 0
    for child in children:
        name = local_name(child)
        if name not in by_name:
            expected = ", ".join(by_name) or "no elements"
            raise Invalid(f"{path}/{name}", f"not expected here; expected {expected}")
        place, rule = by_name[name]
        seen[name] += 1
        where = _step(path, rule, seen[name])
        if place < furthest and not group.any_order:
            after = group.children[furthest].name
            raise Invalid(where, f"out of order; it must come before {after}")
        furthest = max(furthest, place)
        if rule.most is not None and seen[name] > rule.most:
            raise Invalid(where, f"expected at most {rule.most}")
        _check_child(child, rule, where, now)
    for rule in group.children:
        if seen[rule.name] < rule.least:
            raise Invalid(f"{path}/{rule.name}", "required, but missing")


def _step(path: str, rule: Child, number: int) -> str:
    return f"{path}/{rule.name}" if rule.most == 1 else f"{path}/{rule.name}[{number}]"


def _check_child(element: etree._Element, rule: Child, path: str, now: datetime | None) -> None:
    content = rule.content
    attributes = rule.attributes + (content.attributes if isinstance(content, Group) else ())
    _check_attributes(element, attributes, path, now)
    if isinstance(content, Group):
        _check_group(element, content, path, now)
        return
    if len(element):
        raise Invalid(path, "expected text, not elements")
    problem = check_value(text_of(element), content, now)
    if problem:
        raise Invalid(path, problem)


def _check_attributes(
    element: etree._Element, rules: tuple[Attribute, ...], path: str, now: datetime | None
) -> None:
    known = {rule.name: rule for rule in rules}
    for name, value in element.attrib.items():
        name, value = str(name), str(value)
        if name.startswith("{"):
            continue  # xsi:… and the like say nothing about the report
        if name not in known:
            raise Invalid(
                f"{path}/@{name}", f"not expected; known are {', '.join(known) or 'none'}"
            )
        problem = check_value(value, known[name].content, now)
        if problem:
            raise Invalid(f"{path}/@{name}", problem)
    for rule in rules:
        if rule.required and rule.name not in element.attrib:
            raise Invalid(f"{path}/@{rule.name}", "required, but missing")
    if element.get("verificationDate") and not is_true(element.get("verified", "")):
        raise Invalid(f"{path}/@verified", "must be true where verificationDate is given")
    code = element.get("countryCallingCode")
    if code is not None and not re.fullmatch(r"\+[0-9]{1,3}", code):
        raise Invalid(f"{path}/@countryCallingCode", "expected + and one to three digits")


def is_true(text: str) -> bool:
    return text.strip() in ("true", "1")


def check_value(text: str, content: Content, now: datetime | None) -> str:
    """Say what is wrong with a value, or ""."""
    match content:
        case schema.Text(longest):
            return f"longer than {longest} characters" if longest and len(text) > longest else ""
        case schema.Choice(values):
            return "" if text in values else f"«{text[:60]}» is none of: {' | '.join(values)}"
        case schema.Number(lowest, highest):
            fits = re.fullmatch(r"\d{1,9}", text) and lowest <= int(text) <= highest
            return "" if fits else f"expected a whole number from {lowest} to {highest}"
        case schema.Flag():
            return (
                ""
                if text in ("", "true")
                else "a flag is set by being present: leave it out to say no"
            )
        case schema.YesNo():
            return "" if text in ("true", "false", "1", "0") else "expected true or false"
        case schema.Time(past):
            return _check_time(text, past, now)
        case schema.Address():
            return "" if _is_address(text) else "expected an IPv4 or IPv6 address"
        case schema.Date():
            return "" if _is_date(text) else "expected a date as 2010-12-31"
        case Group():
            return ""


def _check_time(text: str, past: bool, now: datetime | None) -> str:
    when = read_time(text)
    if when is None or when.tzinfo is None:
        return "expected ISO 8601 with a zone, as 2026-03-12T14:02:00Z"
    if past and now is not None and when.astimezone(UTC) > now:
        return "lies in the future"
    return ""


def read_time(text: str) -> datetime | None:
    """Read an ISO 8601 time, None if it is none."""
    if "T" not in text:
        return None
    try:
        when = datetime.fromisoformat(text)
        if when.tzinfo is not None:
            when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return when


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def _check_mail_belongs_to_somebody(root: etree._Element) -> None:
    """E-mail and newsgroup addresses must appear on a person of the report (section 7)."""
    held = {
        text_of(e).lower()
        for name in ("personOrUserReported", "intendedRecipient", "victim")
        for person in root.iterfind(f"{{*}}{name}")
        for e in person.iter("{*}email")
    }
    for number, details in enumerate(root.iterfind("{*}internetDetails"), start=1):
        for kind in ("emailIncident", "newsgroupIncident"):
            for nth, email in enumerate(
                details.iterfind(f"{{*}}{kind}/{{*}}emailAddress"), start=1
            ):
                if text_of(email).lower() not in held:
                    path = f"report/internetDetails[{number}]/{kind}/emailAddress[{nth}]"
                    raise Invalid(path, "must also stand on a reported person, recipient or victim")


BATCH_FORBIDS = (
    "internetDetails",
    "lawEnforcement",
    "intendedRecipient",
    "victim",
    "additionalInfo",
)


def batch_faults(root: etree._Element) -> Iterator[tuple[str, str]]:
    """Give what a batched report must not hold, as (path, reason). Source: appendix E."""
    for name in BATCH_FORBIDS:
        if root.find(f"{{*}}{name}") is not None:
            yield f"report/{name}", "not allowed in a batched report"
    if root.find("{*}incidentSummary/{*}escalateToHighPriority") is not None:
        yield "report/incidentSummary/escalateToHighPriority", "not allowed in a batched report"
    people = root.findall("{*}personOrUserReported")
    if not people:
        yield "report/personOrUserReported", "a batched report names at least one account"
    for number, person in enumerate(people, start=1):
        names = [local_name(c) for c in person]
        if names != ["espIdentifier"]:
            path = f"report/personOrUserReported[{number}]"
            yield path, "in a batched report each account holds espIdentifier alone"


def _check_batch(root: etree._Element) -> None:
    for path, reason in batch_faults(root):
        raise Invalid(path, reason)


BATCH_FILE_FORBIDS = (
    "originalFileName", "locationOfFile", "originalFileHash", "ipCaptureEvent", "deviceId", "details",
)  # fmt: skip


def check_batch_files(details: list[bytes | None]) -> None:
    """Check the files of a batched report, at finish: one file, viral or a meme, bare.

    Raises:
        Invalid: with the path and the reason. Source: appendix E.
    """
    if len(details) != 1:
        raise Invalid("report", f"a batched report has exactly one file, not {len(details)}")
    if details[0] is None:
        raise Invalid(
            "fileDetails", "a batched report's file must be described as viral or potentialMeme"
        )
    root = parse(details[0], "fileDetails")
    for name in BATCH_FILE_FORBIDS:
        if root.find(f"{{*}}{name}") is not None:
            raise Invalid(f"fileDetails/{name}", "not allowed in a batched report")
    names = {local_name(e) for e in root.iterfind("{*}fileAnnotations/*")}
    if not names & {"viral", "potentialMeme"}:
        raise Invalid("fileDetails/fileAnnotations", "expected viral or potentialMeme")
    if names - {"viral", "potentialMeme"}:
        raise Invalid(
            "fileDetails/fileAnnotations", "a batched report allows viral and potentialMeme alone"
        )


def _check_file_rules(root: etree._Element) -> None:
    def said(name: str) -> str:
        return text_of(found) if (found := root.find(f"{{*}}{name}")) is not None else ""

    if is_true(said("exifViewedByEsp")) and not is_true(said("fileViewedByEsp")):
        raise Invalid("fileDetails/fileViewedByEsp", "must be true where exifViewedByEsp is true")
    if said("fileRelevance") == "Supplemental Reported":
        if said("industryClassification"):
            raise Invalid(
                "fileDetails/industryClassification", "not allowed on a supplemental file"
            )
        meme = root.find("{*}fileAnnotations/{*}potentialMeme")
        if meme is not None or is_true(said("potentialMeme")):
            raise Invalid(
                "fileDetails/fileAnnotations/potentialMeme", "not allowed on a supplemental file"
            )
