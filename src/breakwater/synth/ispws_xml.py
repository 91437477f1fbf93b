"""Writes a case as the filing of a provider: the report, its uploads and their details.

Strings are put together by hand, in the order that the reporting API asks for; every value
is made here from letters, digits and signs that XML leaves alone.
"""

import time
from functools import lru_cache

from breakwater.formats.filing import Part, pack
from breakwater.formats.ispws.schema import BATCH_REASON, INCIDENT_TYPES
from breakwater.synth.cast import Account, Child
from breakwater.synth.world import Capture, Case, Reported, Upload

WORDS = {code: word for word, code in INCIDENT_TYPES.items()}
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
BATCH_MARKS = ("viral", "potentialMeme")


@lru_cache(maxsize=64)
def _seconds(offset: str) -> int:
    if offset == "Z":
        return 0
    hours = int(offset[1:3]) * 3600 + int(offset[4:6]) * 60
    return -hours if offset[0] == "-" else hours


def stamp(at: int, offset: str = "Z") -> str:
    """Write a time in the zone of `offset`."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at + _seconds(offset))) + offset


def filing(case: Case) -> bytes:
    """Give the package of the finished filing."""
    meta: dict[str, str | int] = {"report_id": str(case.number), "received_at": stamp(case.at)}
    parts = [Part("report", report(case).encode(), meta)]
    for upload in case.uploads:
        parts.append(Part("file", b"", _upload_meta(upload)))
        parts.append(Part("file_details", details(case, upload).encode()))
    return pack(parts)


def _upload_meta(upload: Upload) -> dict[str, str | int]:
    item = upload.item
    return {
        "file_id": upload.file_id,
        "md5": item.md5,
        "sha1": item.sha1,
        "sha256": item.sha256,
        "size": item.size,
        "name": upload.name,
    }


def report(case: Case) -> str:
    """Write the `<report>`."""
    zone = case.reported[0].offender.country.offset
    batch = f'<batchedReport reason="{BATCH_REASON}"/>' if case.is_batch else ""
    people = "".join(_reported(case, r, zone) for r in case.reported)
    recipients = "".join(_recipient(account) for account in case.recipients)
    children = "".join(_child(child) for child in case.children)
    return (
        f"{HEAD}<report>{batch}<incidentSummary><incidentType>{WORDS[case.kind]}</incidentType>"
        f"{_summary(case)}<incidentDateTime>{stamp(case.happened, zone)}</incidentDateTime>"
        f"</incidentSummary>{_incident(case)}<reporter><reportingPerson>"
        f"<email>safety@{case.provider.domain}</email></reportingPerson></reporter>"
        f"{people}{recipients}{children}</report>"
    )


def _summary(case: Case) -> str:
    urgent = (
        case.escalation and f"<escalateToHighPriority>{case.escalation}</escalateToHighPriority>"
    )
    if not case.annotations:
        return urgent
    flags = "".join(f"<{name}/>" for name in case.annotations)
    return f"{urgent}<reportAnnotations>{flags}</reportAnnotations>"


def _incident(case: Case) -> str:
    if case.is_batch:
        return ""
    kind, domain = case.provider.kind, case.provider.domain
    if kind == "messaging":
        inner = f"<chatImIncident><chatClient>{case.provider.name}</chatClient></chatImIncident>"
    elif kind == "gaming":
        inner = (
            f"<onlineGamingIncident><gameName>{case.provider.name}</gameName>"
            "</onlineGamingIncident>"
        )
    else:
        inner = f"<webPageIncident><url>https://{domain}/p/{case.index}</url></webPageIncident>"
    return f"<internetDetails>{inner}</internetDetails>"


def _reported(case: Case, reported: Reported, zone: str) -> str:
    account = reported.account
    identifier = f"<espIdentifier>{account.identifier}</espIdentifier>"
    if case.is_batch:
        return f"<personOrUserReported>{identifier}</personOrUserReported>"
    offender = reported.offender
    devices = "".join(
        f"<deviceId><idType>{kind}</idType><idValue>{value}</idValue></deviceId>"
        for kind, value in offender.devices
    )
    prior = "".join(f"<priorCTReports>{number}</priorCTReports>" for number in reported.prior)
    group = offender.group and f"<groupIdentifier>{offender.group}</groupIdentifier>"
    place = ""
    if reported.located:
        code = offender.country.code
        place = f"<estimatedLocation><countryCode>{code}</countryCode></estimatedLocation>"
    return (
        f"<personOrUserReported>{_identity(case, reported)}{identifier}"
        f"<espService>{account.provider.name}</espService>"
        f"<screenName>{account.screen}</screenName>"
        f"<profileUrl>https://{account.provider.domain}/{account.screen}</profileUrl>"
        f"{''.join(_capture(c, zone) for c in reported.captures)}{devices}{prior}{group}"
        f"<accountPermanentlyDisabled>true</accountPermanentlyDisabled>{place}"
        "</personOrUserReported>"
    )


def _identity(case: Case, reported: Reported) -> str:
    offender = reported.offender
    name = phone = ""
    if reported.names_known:
        name = f"<firstName>{offender.first}</firstName><lastName>{offender.last}</lastName>"
    if offender.phone and case.country:
        phone = f'<phone type="Mobile" verified="true">{offender.phone}</phone>'
    emails = "".join(f"<email>{email}</email>" for email in offender.emails)
    age = f"<age>{offender.age}</age>" if reported.names_known else ""
    inner = f"{name}{phone}{emails}{age}"
    return inner and f"<personOrUserReportedPerson>{inner}</personOrUserReportedPerson>"


def _recipient(account: Account) -> str:
    return (
        f"<intendedRecipient><espIdentifier>{account.identifier}</espIdentifier>"
        f"<espService>{account.provider.name}</espService>"
        f"<screenName>{account.screen}</screenName></intendedRecipient>"
    )


def _child(child: Child) -> str:
    capture = f"<ipCaptureEvent><ipAddress>{child.address}</ipAddress></ipCaptureEvent>"
    return (
        f"<victim><victimPerson><firstName>{child.first}</firstName><age>{child.age}</age>"
        f"</victimPerson><espIdentifier>{child.account.identifier}</espIdentifier>"
        f"<espService>{child.account.provider.name}</espService>"
        f"<screenName>{child.account.screen}</screenName>"
        f"{capture if child.has_address else ''}</victim>"
    )


def _capture(capture: Capture, zone: str) -> str:
    at = "" if capture.at is None else f"<dateTime>{stamp(capture.at, zone)}</dateTime>"
    proxy = "<possibleProxy>true</possibleProxy>" if capture.proxy else ""
    port = f"<port>{capture.port}</port>" if capture.port else ""
    return (
        f"<ipCaptureEvent><ipAddress>{capture.ip}</ipAddress>"
        f"<eventName>{capture.event}</eventName>{at}{proxy}{port}</ipCaptureEvent>"
    )


def details(case: Case, upload: Upload) -> str:
    """Write the `<fileDetails>` of one upload."""
    item = upload.item
    head = f"{HEAD}<fileDetails><reportId>{case.number}</reportId><fileId>{upload.file_id}</fileId>"
    viewed = (
        ""
        if upload.viewed is None
        else f"<fileViewedByEsp>{'true' if upload.viewed else 'false'}</fileViewedByEsp>"
    )
    if case.is_batch:
        flags = "".join(f"<{m}/>" for m in item.marks if m in BATCH_MARKS) or "<viral/>"
        return f"{head}{viewed}<fileAnnotations>{flags}</fileAnnotations></fileDetails>"
    zone = case.reported[0].offender.country.offset
    return (
        f"{head}<originalFileName>{upload.name}</originalFileName>"
        f"<uploadedToEspTimestamp>{stamp(upload.at, zone)}</uploadedToEspTimestamp>{viewed}"
        f"{_marks(upload)}"
        f'<originalFileHash hashType="PDQ">{item.pdq}</originalFileHash>'
        f"{_capture(upload.capture, zone) if upload.capture else ''}</fileDetails>"
    )


def _marks(upload: Upload) -> str:
    item = upload.item
    marks = item.marks
    relevance = grade = ""
    if upload.supplemental:
        relevance = "<fileRelevance>Supplemental Reported</fileRelevance>"
        marks = tuple(m for m in marks if m != "potentialMeme")
    elif item.grade:
        grade = f"<industryClassification>{item.grade}</industryClassification>"
    flags = "".join(f"<{m}/>" for m in marks)
    said = flags and f"<fileAnnotations>{flags}</fileAnnotations>"
    return f"{relevance}{said}{grade}"
