"""Reads the API's documents tolerantly: what is there is taken, what is odd is listed.

Reports that came in years ago, or through somebody else's door, must be readable whatever
the rules of today say; nothing here raises on a field.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from lxml import etree

from breakwater.formats.filing import Part, unpack
from breakwater.formats.ispws import schema
from breakwater.formats.ispws.parsing import local_name, parse
from breakwater.formats.ispws.validate import read_time
from breakwater.formats.record import (
    Account,
    Capture,
    Device,
    Email,
    File,
    FormatError,
    Incident,
    Moment,
    Person,
    Phone,
    Place,
    Record,
)

ROLES = {"personOrUserReported": "reported", "intendedRecipient": "recipient", "victim": "victim"}
INCIDENT_KINDS = {
    "webPageIncident": "web",
    "emailIncident": "email",
    "newsgroupIncident": "newsgroup",
    "chatImIncident": "chat",
    "onlineGamingIncident": "gaming",
    "cellPhoneIncident": "phone",
    "nonInternetIncident": "offline",
    "peer2peerIncident": "peer_to_peer",
}
Problems = list[str]
Element = etree._Element


def read_report(data: bytes) -> Record:
    """Read a `<report>`. Raises FormatError only if it is no such document at all."""
    return record_of_tree(parse(data, "report"))


def read_file_details(data: bytes) -> File:
    """Read a `<fileDetails>`. Raises FormatError only if it is no such document at all."""
    return file_of_tree(parse(data, "fileDetails"), [])[1]


def read_filing(package: bytes) -> Record:
    """Read a filing package, or raise FormatError as `unpack` and `read_parts` do."""
    return read_parts(unpack(package))


def read_parts(parts: list[Part]) -> Record:
    """Read the parts of a filing: the report, and each upload with its details.

    Raises:
        FormatError: none that is a readable report.
    """
    reports = [p for p in parts if p.kind == "report"]
    if len(reports) != 1:
        raise FormatError("package", f"expected one report part, found {len(reports)}")
    record = read_report(reports[0].body)
    received = reports[0].meta.get("received_at")
    if received:
        record.received_at = _moment(str(received), "received_at", record.not_understood)
    record.files = _files(parts, record.not_understood)
    return record


def _files(parts: list[Part], problems: Problems) -> list[File]:
    files: dict[str, File] = {}
    for part in parts:
        if part.kind == "file":
            file = _upload(part)
            files[file.file_id] = file
    for part in parts:
        if part.kind == "file_details":
            _describe(files, part, problems)
    return list(files.values())


def _upload(part: Part) -> File:
    meta = part.meta
    size = meta.get("size")
    return File(
        file_id=str(meta.get("file_id", "")),
        name=str(meta.get("name", "")),
        size=size if isinstance(size, int) else None,
        md5=str(meta.get("md5", "")).lower(),
        sha1=str(meta.get("sha1", "")).lower(),
        sha256=str(meta.get("sha256", "")).lower(),
    )


def _describe(files: dict[str, File], part: Part, problems: Problems) -> None:
    try:
        _, said = file_of_tree(parse(part.body, "fileDetails"), problems)
    except FormatError as problem:
        problems.append(f"fileDetails: {problem}")
        return
    uploaded = files.get(said.file_id)
    if uploaded is not None:
        said.size, said.sha1, said.sha256 = uploaded.size, uploaded.sha1, uploaded.sha256
        said.md5 = uploaded.md5 or said.md5
        said.name = said.name or uploaded.name
    files[said.file_id] = said


def record_of_tree(root: Element) -> Record:
    """Read the tree of a `<report>`."""
    record = Record(format="ispws")
    for child in root:
        name = local_name(child)
        reader = _REPORT.get(name)
        if reader is None:
            if isinstance(child.tag, str):
                record.not_understood.append(f"report/{name}: unknown element")
            continue
        reader(child, record)
    return record


def _batch(element: Element, record: Record) -> None:
    record.batch = element.get("reason", "") or schema.BATCH_REASON


def _summary(element: Element, record: Record) -> None:
    problems = record.not_understood
    for child in element:
        name, text = local_name(child), _text(child)
        path = f"report/incidentSummary/{name}"
        if name == "incidentType":
            record.incident_type = schema.INCIDENT_TYPES.get(text, "")
            if not record.incident_type:
                problems.append(f"{path}: unknown incident type «{text[:80]}»")
        elif name == "platform":
            record.platform = text
        elif name == "escalateToHighPriority":
            record.escalation = text
        elif name == "reportAnnotations":
            record.annotations = _flags(child, schema.REPORT_ANNOTATIONS, path, problems)
        elif name == "incidentDateTime":
            record.incident_at = _moment(text, path, problems)
        elif name == "incidentDateTimeDescription":
            record.incident_note = text
        else:
            problems.append(f"{path}: unknown element")


def _internet(element: Element, record: Record) -> None:
    for child in element:
        kind = INCIDENT_KINDS.get(local_name(child))
        path = f"report/internetDetails/{local_name(child)}"
        if kind is None:
            record.not_understood.append(f"{path}: unknown element")
            continue
        record.incidents.append(_incident(child, kind, path, record.not_understood))


def _incident(element: Element, kind: str, path: str, problems: Problems) -> Incident:
    incident = Incident(kind=kind)
    incident.third_party_hosted = element.get("thirdPartyHostedContent") in ("true", "1")
    for child in element:
        name, text = local_name(child), _text(child)
        if name == "url":
            incident.urls.append(text)
        elif name == "emailAddress":
            incident.emails.append(_email(child))
        elif name in ("chatClient", "gameName", "client", "locationName", "name"):
            incident.name = text
        elif name == "content":
            incident.content = text
        elif name == "phoneNumber":
            incident.phone = _phone(child)
        elif name == "ipCaptureEvent":
            incident.captures += _capture(child, path, problems)
        elif name == "additionalInfo":
            incident.notes.append(text)
        elif name == "incidentAddress":
            incident.notes.append(", ".join(_text(c) for c in child if _text(c)))
        elif name in ("chatRoomName", "console", "fileNames", "latitude", "longitude"):
            incident.notes.append(f"{name}: {text}")
        else:
            problems.append(f"{path}/{name}: unknown element")
    return incident


def _police(element: Element, record: Record) -> None:
    for child in element:
        name, text = local_name(child), _text(child)
        if name == "agencyName":
            record.agency = text
        elif name == "caseNumber":
            record.agency_case = text
        elif text:
            record.notes.append(f"lawEnforcement/{name}: {text}")


def _reporter(element: Element, record: Record) -> None:
    for child in element:
        name = local_name(child)
        if name in ("reportingPerson", "contactPerson"):
            record.reporter_emails += [_text(e) for e in child.iter("{*}email") if _text(e)]
        elif name in ("companyTemplate", "termsOfService", "legalURL"):
            if _text(child):
                record.notes.append(f"{name}: {_text(child)}")
        else:
            record.not_understood.append(f"report/reporter/{name}: unknown element")


def _person(element: Element, record: Record) -> None:
    name = local_name(element)
    person = Person(role=ROLES[name])
    account = Account()
    path = f"report/{name}"
    for child in element:
        _person_field(child, person, account, path, record.not_understood)
    if account.identifier or account.service:
        person.account = account
    record.persons.append(person)


def _person_field(
    child: Element, person: Person, account: Account, path: str, problems: Problems
) -> None:
    name, text = local_name(child), _text(child)
    if name in _PERSON_TEXTS:
        _PERSON_TEXTS[name](person, account, text)
    elif name.endswith("Person"):
        _identity(child, person, f"{path}/{name}", problems)
    elif name == "ipCaptureEvent":
        person.captures += _capture(child, path, problems)
    elif name == "deviceId":
        person.devices.append(_device(child, path, problems))
    elif name in ("accountTemporarilyDisabled", "accountPermanentlyDisabled"):
        person.disabled = bool(person.disabled) or text in ("true", "1")
    elif name == "estimatedLocation":
        person.places.append(_location(child))
    elif name == "associatedAccount":
        _associated(child, person, path, problems)
    elif name == "compromisedAccount":
        person.compromised = text not in ("false", "0")
    elif name == "thirdPartyUserReported":
        person.third_party = text in ("true", "1")
    elif name == "allEmailsReported":
        pass  # says only that nothing was left out
    elif isinstance(child.tag, str):
        problems.append(f"{path}/{name}: unknown element")


def _set(field: str) -> Callable[[Person, Account, str], None]:
    return lambda person, account, text: setattr(person, field, text)


def _append(field: str) -> Callable[[Person, Account, str], None]:
    return lambda person, account, text: getattr(person, field).append(text) if text else None


_PERSON_TEXTS: dict[str, Callable[[Person, Account, str], None]] = {
    "espIdentifier": lambda person, account, text: setattr(account, "identifier", text),
    "espService": lambda person, account, text: setattr(account, "service", text),
    "screenName": _append("screen_names"),
    "displayName": _append("display_names"),
    "profileUrl": _append("profile_urls"),
    "profileBio": _set("profile_bio"),
    "vehicleDescription": _set("vehicle"),
    "schoolName": _set("school"),
    "groupIdentifier": _set("group"),
    "priorCTReports": _append("prior_reports"),
    "priorCTReport": _append("prior_reports"),
    "additionalInfo": _append("notes"),
}


def _identity(element: Element, person: Person, path: str, problems: Problems) -> None:
    for child in element:
        name, text = local_name(child), _text(child)
        if name == "firstName":
            person.first_name = text
        elif name == "lastName":
            person.last_name = text
        elif name == "email":
            person.emails.append(_email(child))
        elif name == "phone":
            person.phones.append(_phone(child))
        elif name == "address":
            person.places.append(_address(child))
        elif name == "age":
            person.age = int(text) if re.fullmatch(r"\d{1,3}", text) else None
            if person.age is None and text:
                problems.append(f"{path}/age: «{text[:20]}» is no age")
        elif name == "dateOfBirth":
            person.birth_date = text
        elif isinstance(child.tag, str):
            problems.append(f"{path}/{name}: unknown element")


def _associated(element: Element, person: Person, path: str, problems: Problems) -> None:
    account = Account(relation=element.get("type", "").lower())
    for child in element:
        name, text = local_name(child), _text(child)
        if name == "espIdentifier":
            account.identifier = text
        elif name == "espService":
            account.service = text
        elif name == "accountPerson":
            person.emails += [_email(e) for e in child.iterfind("{*}email")]
            person.phones += [_phone(e) for e in child.iterfind("{*}phone")]
        elif name == "ipCaptureEvent":
            person.captures += _capture(child, path, problems)
        elif name == "deviceId":
            person.devices.append(_device(child, path, problems))
        elif name in _PERSON_TEXTS:
            _PERSON_TEXTS[name](person, account, text)
        else:
            problems.append(f"{path}/associatedAccount/{name}: unknown element")
    person.associated.append(account)


def _email(element: Element) -> Email:
    return Email(
        value=_text(element),
        verified=_yes_no(element.get("verified")),
        kind=element.get("type", "").lower(),
    )


def _phone(element: Element) -> Phone:
    return Phone(
        value=_text(element),
        calling_code=element.get("countryCallingCode", "").lstrip("+"),
        verified=_yes_no(element.get("verified")),
        kind=element.get("type", "").lower(),
    )


def _address(element: Element) -> Place:
    said = {local_name(c): _text(c) for c in element}
    return Place(
        source="address",
        country=said.get("country", "").upper()[:2],
        region=said.get("state") or said.get("nonUsaState", ""),
        city=said.get("city", ""),
        address=" ".join(filter(None, (said.get("address"), said.get("zipCode")))),
    )


def _location(element: Element) -> Place:
    said = {local_name(c): _text(c) for c in element}
    return Place(
        source="estimated",
        country=said.get("countryCode", "").upper()[:2],
        region=said.get("region", ""),
        city=said.get("city", ""),
        verified=_yes_no(element.get("verified")),
    )


def _capture(element: Element, path: str, problems: Problems) -> list[Capture]:
    said = {local_name(c): _text(c) for c in element}
    where = f"{path}/ipCaptureEvent"
    ip = said.get("ipAddress", "")
    if not ip:
        problems.append(f"{where}/ipAddress: missing")
        return []
    port = said.get("port", "")
    number = int(port) if re.fullmatch(r"\d{1,5}", port) and 0 < int(port) < 65536 else None
    if port and number is None:
        problems.append(f"{where}/port: «{port[:20]}» is no port")
    return [
        Capture(
            ip=ip,
            port=number,
            at=_moment(said["dateTime"], f"{where}/dateTime", problems)
            if said.get("dateTime")
            else None,
            event=said.get("eventName", "").lower(),
            proxy=_yes_no(said.get("possibleProxy")),
        )
    ]


def _device(element: Element, path: str, problems: Problems) -> Device:
    said = {local_name(c): _text(c) for c in element}
    when = said.get("dateTime")
    return Device(
        kind=said.get("idType", ""),
        value=said.get("idValue", ""),
        event=said.get("eventName", "").lower(),
        at=_moment(when, f"{path}/deviceId/dateTime", problems) if when else None,
    )


def file_of_tree(root: Element, problems: Problems) -> tuple[str, File]:
    """Read the tree of a `<fileDetails>`; give the report number with the file."""
    file, number = File(), ""
    for child in root:
        name, text = local_name(child), _text(child)
        if name == "reportId":
            number = text
        elif name in _FILE_TEXTS:
            setattr(file, _FILE_TEXTS[name], text)
        elif name in _FILE_YES_NO:
            setattr(file, _FILE_YES_NO[name], _yes_no(text))
        elif name in ("fileName", "originalFileName"):
            file.name = text if name == "originalFileName" else (file.name or text)
        else:
            _file_field(child, name, text, file, problems)
    return number, file


_FILE_TEXTS = {
    "fileId": "file_id",
    "locationOfFile": "url",
    "industryClassification": "classification",
}
_FILE_YES_NO = {
    "fileViewedByEsp": "viewed",
    "exifViewedByEsp": "exif_viewed",
    "publiclyAvailable": "public",
}


def _file_field(child: Element, name: str, text: str, file: File, problems: Problems) -> None:
    path = f"fileDetails/{name}"
    if name == "uploadedToEspTimestamp":
        file.uploaded_at = _moment(text, path, problems)
    elif name == "fileRelevance":
        file.supplemental = text.startswith("Supplemental")
    elif name == "potentialMeme":
        if _yes_no(text) is not False:
            file.annotations.append("potential_meme")
    elif name == "fileAnnotations":
        file.annotations += _flags(child, schema.FILE_ANNOTATIONS, path, problems)
    elif name == "originalFileHash":
        _hash(file, child.get("hashType", ""), text)
    elif name == "ipCaptureEvent":
        file.captures += _capture(child, "fileDetails", problems)
    elif name == "deviceId":
        file.devices.append(_device(child, "fileDetails", problems))
    elif name == "details":
        file.details += _pairs(child)
    elif name == "additionalInfo":
        file.notes.append(text)
    elif isinstance(child.tag, str):
        problems.append(f"{path}: unknown element")


def _hash(file: File, kind: str, value: str) -> None:
    length = {"md5": 32, "sha1": 40, "sha-1": 40, "sha256": 64, "sha-256": 64}.get(kind.lower(), 0)
    if length and re.fullmatch(rf"[0-9a-fA-F]{{{length}}}", value):
        field = kind.lower().replace("-", "")
        if not getattr(file, field):
            setattr(file, field, value.lower())
    elif value:
        file.other_hashes.append((kind, value))


def _pairs(element: Element) -> list[tuple[str, str, str]]:
    kind = element.get("type", "")
    return [
        (kind, _text(pair[0]), _text(pair[1]))
        for pair in element.iterfind("{*}nameValuePair")
        if len(pair) >= 2
    ]


def _flags(element: Element, known: dict[str, str], path: str, problems: Problems) -> list[str]:
    found = []
    for child in element:
        name = local_name(child)
        if name not in known:
            problems.append(f"{path}/{name}: unknown annotation")
        elif _text(child) in ("false", "0"):
            problems.append(f"{path}/{name}: says {_text(child)}; a flag is set by being present")
        else:
            found.append(known[name])
    return found


def _moment(text: str, path: str, problems: Problems) -> Moment:
    when = read_time(text)
    if when is None:
        problems.append(f"{path}: «{text[:40]}» is no time")
        return Moment(text=text)
    has_zone = when.tzinfo is not None
    utc: datetime = when.astimezone(UTC) if has_zone else when.replace(tzinfo=UTC)
    return Moment(text=text, utc=utc, has_zone=has_zone)


def _yes_no(text: str | None) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get((text or "").strip())


def _text(element: Element) -> str:
    return (element.text or "").strip()


_REPORT: dict[str, Callable[[Element, Record], None]] = {
    "batchedReport": _batch,
    "incidentSummary": _summary,
    "internetDetails": _internet,
    "lawEnforcement": _police,
    "reporter": _reporter,
    "personOrUserReported": _person,
    "intendedRecipient": _person,
    "victim": _person,
    "additionalInfo": lambda e, r: r.notes.append(_text(e)) if _text(e) else None,
}
