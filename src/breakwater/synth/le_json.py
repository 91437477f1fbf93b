"""Writes a case as the file that a police unit downloads, in the dialects that occur.

Wrappers around lists or bare lists, nulls or missing fields, a byte order mark or none:
which, is drawn from the report's number, so that the same case gives the same bytes.
"""

import functools
from typing import Any

import msgspec

from breakwater import countries
from breakwater.synth.cast import Account, Child
from breakwater.synth.ispws_xml import WORDS, stamp
from breakwater.synth.world import Capture, Case, Reported, Upload

BOM = b"\xef\xbb\xbf"
INCIDENTS = {"messaging": "chatIncident", "gaming": "gamingIncident"}
TAGS = {
    "possibleSelfProduction": "Self-Production",
    "infant": "Infant/Toddler",
    "viral": "Viral",
    "potentialMeme": "Potential Meme",
    "generativeAi": "Generative AI",
    "animeDrawingVirtualHentai": "Anime/Drawing/Virtual/Hentai",
    "physicalHarm": "Physical Harm",
    "violenceGore": "Violence/Gore",
    "bestiality": "Bestiality",
    "liveStreaming": "Live Streaming",
}
_name = functools.lru_cache(maxsize=512)(countries.name)
_encoder = msgspec.json.Encoder()

Json = dict[str, Any]


def report(case: Case) -> bytes:
    """Give the file of the report."""
    value: Json = {
        "reportId": case.number,
        "informational": case.is_informational,
        "dateReceived": stamp(case.at),
        "dateMadeAvailable": stamp(case.at),
        "reportedInformation": _information(case),
        "automatedInformation": _look_ups(case),
        "additionalNcmecInformation": _clearing_house(case),
    }
    if case.is_batch:
        value["batchedReport"] = {"reason": "VIRAL_POTENTIAL_MEME"}
    data = _encoder.encode(value)
    return BOM + data if case.index % 17 == 3 else data


def _information(case: Case) -> Json:
    files = [_file(case, upload) for upload in case.uploads]
    persons = [_reported(case, n, r) for n, r in enumerate(case.reported, start=1)]
    value: Json = {
        "reportingEsp": {
            "espName": case.provider.name,
            "emails": {"emails": [{"value": f"safety@{case.provider.domain}"}]},
            "addresses": None,
        },
        "incidentSummary": _summary(case),
        "reportedPeople": {"reportedPersons": persons},
        "uploadedFiles": files if case.index % 5 == 0 else {"uploadedFiles": files},
    }
    if not case.is_batch:
        value["incidentDetails"] = _incident(case)
    if case.recipients or case.index % 2:
        found = [_recipient(n, a) for n, a in enumerate(case.recipients, start=1)]
        value["intendedRecipients"] = {"intendedRecipients": found}
    if case.children or case.index % 3 == 0:
        children = [_child(case, n, c) for n, c in enumerate(case.children, start=1)]
        value["childVictims"] = {"childVictims": children} if children else None
    return value


def _time(case: Case, at: int) -> str:
    text = stamp(at)
    return text[:-1] if case.zone_less else text


def _summary(case: Case) -> Json:
    value: Json = {
        "incidentType": WORDS[case.kind],
        "platform": None,
        "incidentDateTime": _time(case, case.happened),
        "espEscalation": case.escalation or None,
    }
    if case.annotations:
        value["reportAnnotations"] = dict.fromkeys(case.annotations, True)
    return value


def _incident(case: Case) -> Json:
    key = INCIDENTS.get(case.provider.kind, "webpageIncident")
    if key == "chatIncident":
        inner: Json = {
            "chatClient": case.provider.name,
            "additonalInformations": [{"value": "Made up by a machine."}],
        }
    elif key == "gamingIncident":
        inner = {"gameName": case.provider.name}
    else:
        inner = {"url": f"https://{case.provider.domain}/p/{case.index}"}
    return {key: [inner], "emailIncident": None}


def _reported(case: Case, number: int, reported: Reported) -> Json:
    offender, account = reported.offender, reported.account
    value: Json = {"id": number, "espUserId": account.identifier}
    if case.is_batch:
        value["espEstimatedLocations"] = _places(offender.country.code)
        return value
    value["espService"] = account.provider.name
    value["screenName"] = {"value": account.screen}
    value["profileUrl"] = f"https://{account.provider.domain}/{account.screen}"
    value["emails"] = {"emails": [{"value": e, "verified": None} for e in offender.emails]}
    value["accountPermanentlyDisabled"] = True
    if reported.names_known:
        value["firstName"], value["lastName"] = offender.first, offender.last
        value["approximateAge"] = offender.age
    if offender.phone and case.country:
        value["phones"] = {"phones": [{"value": offender.phone, "verified": "false"}]}
    if reported.prior:
        value["priorCybertipReports"] = ", ".join(reported.prior)
    if reported.located:
        value["espEstimatedLocations"] = _places(offender.country.code)
    if offender.group:
        value["groupIdentifier"] = offender.group
    if offender.has_access:
        value["accessToChildren"] = "Yes"
    if offender.convicted:
        value["convictedSexOffender"] = True
    captures = [_capture(case, c) for c in reported.captures]
    captures += [
        {"captureType": "Device ID", "valueType": kind, "value": device}
        for kind, device in offender.devices
    ]
    value["sourceInformation"] = {"sourceCaptures": captures} if captures else None
    return value


def _places(code: str) -> Json:
    return {"espEstimatedLocations": [{"city": None, "countryCode": code}]}


def _recipient(number: int, account: Account) -> Json:
    return {
        "id": number,
        "espUserId": account.identifier,
        "espService": account.provider.name,
        "screenNames": {"screenNames": [{"value": account.screen}]},
    }


def _child(case: Case, number: int, child: Child) -> Json:
    value: Json = {
        "id": number,
        "firstName": child.first,
        "approximateAge": child.age,
        "gender": child.sex,
        "espUserId": child.account.identifier,
        "espService": child.account.provider.name,
        "screenName": {"value": child.account.screen},
    }
    if child.has_address:
        capture = Capture(child.address, "Login", case.happened, None, proxy=False)
        value["sourceInformation"] = {"sourceCaptures": [_capture(case, capture)]}
    return value


def _capture(case: Case, capture: Capture) -> Json:
    return {
        "captureType": "IP Address",
        "value": capture.ip,
        "eventName": capture.event.upper(),
        "dateTime": None if capture.at is None else _time(case, capture.at),
        "possibleProxy": capture.proxy or None,
        "port": capture.port,
    }


def _file(case: Case, upload: Upload) -> Json:
    item = upload.item
    value: Json = {
        "filename": f"{upload.file_id[:12]}.{item.suffix}",
        "viewedByEsp": upload.viewed,
        "industryClassification": None if upload.supplemental else item.grade or None,
        "verificationHash": item.md5,
        "originalFileHashes": [{"hashType": "PDQ", "value": item.pdq}],
        "submittalId": upload.file_id,
        "additionalInformations": None,
    }
    if case.is_batch:
        value["ncmecTags"] = _tags(item.marks or ("viral",))
        return value
    value["originalFilename"] = upload.name
    value["fileSize"] = item.size
    if item.marks:
        value["ncmecTags"] = _tags(item.marks)
    value["espMetadata"] = {"metadatas": [{"name": "Upload Time", "value": stamp(upload.at)}]}
    if upload.capture:
        value["sourceInformation"] = {"sourceCaptures": [_capture(case, upload.capture)]}
    return value


def _tags(marks: tuple[str, ...]) -> Json:
    return {"groups": [{"tags": [{"value": TAGS[m]} for m in marks]}]}


def _look_ups(case: Case) -> Json | None:
    if case.is_batch or case.country is None or not case.reported[0].captures:
        return None
    capture = case.reported[0].captures[0]
    found = {
        "ipAddress": capture.ip,
        "country": _name(case.country.code),
        "city": None,
        "types": ["cellular"] if capture.ip.startswith("198.19.") else [],
    }
    return {"autoGeneratedNotes": {"geoLookups": {"reportedPersonGeoLookups": [found]}}}


def _clearing_house(case: Case) -> Json:
    stated = case.country is not None and not case.is_batch and case.index % 8
    return {
        "priority": {"priorityId": case.priority, "value": case.priority},
        "internationalCountry": _name(case.country.code) if stated and case.country else None,
        "dateTimeProcessed": stamp(case.at),
    }
