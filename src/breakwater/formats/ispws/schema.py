"""What we accept of the CyberTipline Reporting API, as one table.

Written from the public documentation's facts, in our own form: the validator walks it,
`/xsd` prints it, and the reader takes its words from it. Order matters inside a sequence.
Source: the API's documentation, sections 1–7 and appendix E.
"""

from dataclasses import dataclass, field

MANY = None


@dataclass(frozen=True, slots=True)
class Text:
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the listed words."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Number:
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class Flag:
    """Present means true; an explicit false is refused."""


@dataclass(frozen=True, slots=True)
class YesNo:
    pass


@dataclass(frozen=True, slots=True)
class Time:
    """ISO 8601 with zone; `past` ones may not lie in the future."""

    past: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """An IPv4 or IPv6 address."""


@dataclass(frozen=True, slots=True)
class Date:
    pass


@dataclass(frozen=True, slots=True)
class Group:
    """An element with children in this order (`any_order`: each at most once, any order)."""

    name: str
    children: tuple["Child", ...]
    attributes: tuple["Attribute", ...] = ()
    any_order: bool = False
    one_of: bool = False  # exactly one of the children


Content = Text | Choice | Number | Flag | YesNo | Time | Address | Date | Group


@dataclass(frozen=True, slots=True)
class Child:
    name: str
    content: Content
    least: int = 0
    most: int | None = 1
    attributes: tuple["Attribute", ...] = ()


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    content: Content
    required: bool = False


@dataclass(frozen=True, slots=True)
class Root:
    name: str
    group: Group
    types: dict[str, Group] = field(default_factory=dict)


LONG = Text(3000)
URL = Text(2083)
FREE = Text()
NAME = Text(256)

# The API's own words for incident types, on our codes. Some are retired terms: they live
# here as foreign values and nowhere else.
INCIDENT_TYPES = {
    "Child Pornography (possession, manufacture, and distribution)": "csam",
    "Child Sex Trafficking": "trafficking",
    "Child Sex Tourism": "travel",
    "Child Sexual Molestation": "molestation",
    "Misleading Domain Name": "misleading_domain",
    "Misleading Words or Digital Images on the Internet": "misleading_words",
    "Online Enticement of Children for Sexual Acts": "enticement",
    "Unsolicited Obscene Material Sent to a Child": "obscene_to_child",
}
REPORT_ANNOTATIONS = {
    "sextortion": "sextortion",
    "csamSolicitation": "csam_solicitation",
    "minorToMinorInteraction": "minor_to_minor",
    "spam": "spam",
    "sadisticOnlineExploitation": "sadistic",
}
FILE_ANNOTATIONS = {
    "animeDrawingVirtualHentai": "drawn",
    "potentialMeme": "potential_meme",
    "viral": "viral",
    "possibleSelfProduction": "self_production",
    "physicalHarm": "physical_harm",
    "violenceGore": "violence",
    "bestiality": "bestiality",
    "liveStreaming": "live_streaming",
    "infant": "infant",
    "generativeAi": "generative_ai",
}
BATCH_REASON = "VIRAL_POTENTIAL_MEME"
EVENTS = ("Login", "Registration", "Purchase", "Upload", "Other", "Unknown")

_event = Child("eventName", Choice(EVENTS))
CAPTURE = Group(
    "ipCaptureEvent",
    (
        Child("ipAddress", Address(), 1),
        _event,
        Child("dateTime", Time(past=True)),
        Child("possibleProxy", YesNo()),
        Child("port", Number(1, 65535)),
    ),
)
DEVICE = Group(
    "deviceId",
    (
        Child("idType", Text(255), 1),
        Child("idValue", URL, 1),
        _event,
        Child("dateTime", Time(past=True)),
    ),
)
_verified = (Attribute("verified", YesNo()), Attribute("verificationDate", Time()))
EMAIL = Child(
    "email",
    FREE,
    0,
    MANY,
    (Attribute("type", Choice(("Home", "Work", "Business", "Recovery"))), *_verified),
)
PHONE_KINDS = ("Mobile", "Home", "Business", "Work", "Fax", "Internet", "Recovery")
_phone = (
    Attribute("type", Choice(PHONE_KINDS)),
    *_verified,
    Attribute("countryCallingCode", Text(4)),
    Attribute("extension", Text(20)),
)
PHONE = Child("phone", FREE, 0, MANY, _phone)
ADDRESS = Group(
    "address",
    (
        Child("address", FREE),
        Child("city", FREE),
        Child("zipCode", FREE),
        Child("state", FREE),
        Child("nonUsaState", FREE),
        Child("country", Text(2)),
    ),
    (Attribute("type", Choice(("Home", "Business", "Billing", "Shipping", "Technical"))),),
)
_person = (
    Child("firstName", FREE),
    Child("lastName", FREE),
    PHONE,
    EMAIL,
    Child("address", ADDRESS, 0, MANY),
    Child("age", Number(0, 150)),
    Child("dateOfBirth", Date()),
)
PERSON = Group("person", _person)
CONTACT = Group("contactPerson", tuple(c if c.name != "email" else EMAIL for c in _person))
REPORTING = Group(
    "reportingPerson",
    tuple(
        Child("email", FREE, 1, MANY, EMAIL.attributes) if c.name == "email" else c for c in _person
    ),
)
PLACE = Group(
    "estimatedLocation",
    (Child("city", FREE), Child("region", FREE), Child("countryCode", Text(2))),
    (Attribute("verified", YesNo()), Attribute("timestamp", Time())),
)
_status = (
    Attribute("disabledDate", Time()),
    Attribute("userNotified", YesNo()),
    Attribute("userNotifiedDate", Time()),
    Attribute("reenabledDate", Time()),
)
_accounts = ("Billing", "Linked", "Business", "Creator", "Parent/Guardian", "Other")
ASSOCIATED = Group(
    "associatedAccount",
    (
        Child("accountPerson", PERSON),
        Child("espIdentifier", Text(255)),
        Child("espService", Text(100)),
        Child("screenName", NAME),
        Child("displayName", FREE, 0, MANY),
        Child("profileUrl", URL, 0, MANY),
        Child("ipCaptureEvent", CAPTURE, 0, MANY),
        Child("deviceId", DEVICE, 0, MANY),
        Child("priorCTReport", FREE, 0, MANY),
        Child("additionalInfo", FREE),
    ),
    (Attribute("type", Choice(_accounts)),),
)


def _account(person: str, *, required: bool, extra: tuple[Child, ...]) -> tuple[Child, ...]:
    """List the children that reported people, recipients and children share, in order."""
    before = (
        Child(person, PERSON, int(required)),
        *(c for c in extra if c.name == "vehicleDescription"),
        Child("espIdentifier", Text(255)),
        Child("espService", Text(100)),
        Child("compromisedAccount", Flag()),
        Child("screenName", NAME),
        Child("displayName", FREE, 0, MANY),
        Child("profileUrl", URL, 0, MANY),
        Child("profileBio", FREE),
        Child("ipCaptureEvent", CAPTURE, 0, MANY),
        Child("deviceId", DEVICE, 0, MANY),
        *(c for c in extra if c.name in ("schoolName", "thirdPartyUserReported")),
        Child("priorCTReports", FREE, 0, MANY),
        *(c for c in extra if c.name == "groupIdentifier"),
        Child("accountTemporarilyDisabled", YesNo(), 0, 1, _status),
        Child("accountPermanentlyDisabled", YesNo(), 0, 1, _status),
        Child("estimatedLocation", PLACE),
        Child("allEmailsReported", YesNo()),
    )
    after = tuple(c for c in extra if c.name in ("associatedAccount", "additionalInfo"))
    return (*before, *after)


_third = Child("thirdPartyUserReported", YesNo())
_group = Child("groupIdentifier", FREE)
_associated = Child("associatedAccount", ASSOCIATED, 0, MANY)
_info = Child("additionalInfo", FREE)
REPORTED = Group(
    "personOrUserReported",
    _account(
        "personOrUserReportedPerson",
        required=False,
        extra=(Child("vehicleDescription", FREE), _third, _group, _associated, _info),
    ),
)
RECIPIENT = Group(
    "intendedRecipient",
    _account(
        "intendedRecipientPerson",
        required=False,
        extra=(_third, _group, Child("additionalInfo", FREE, 0, MANY)),
    ),
)
VICTIM = Group(
    "victim",
    _account(
        "victimPerson",
        required=True,
        extra=(Child("schoolName", FREE), _associated, _info),
    ),
)
_emails = Child("emailAddress", FREE, 0, MANY, EMAIL.attributes)
INCIDENTS = Group(
    "internetDetails",
    (
        Child(
            "webPageIncident",
            Group(
                "webPageIncident",
                (Child("url", URL, 0, MANY), _info),
                (Attribute("thirdPartyHostedContent", YesNo()),),
            ),
        ),
        Child("emailIncident", Group("emailIncident", (_emails, Child("content", FREE), _info))),
        Child(
            "newsgroupIncident",
            Group(
                "newsgroupIncident", (Child("name", FREE), _emails, Child("content", FREE), _info)
            ),
        ),
        Child(
            "chatImIncident",
            Group(
                "chatImIncident",
                (
                    Child("chatClient", FREE),
                    Child("chatRoomName", FREE),
                    Child("content", FREE),
                    _info,
                ),
            ),
        ),
        Child(
            "onlineGamingIncident",
            Group(
                "onlineGamingIncident",
                (Child("gameName", FREE), Child("console", FREE), Child("content", FREE), _info),
            ),
        ),
        Child(
            "cellPhoneIncident",
            Group(
                "cellPhoneIncident",
                (
                    Child("phoneNumber", FREE, 0, 1, _phone),
                    Child("latitude", FREE),
                    Child("longitude", FREE),
                    _info,
                ),
            ),
        ),
        Child(
            "nonInternetIncident",
            Group(
                "nonInternetIncident",
                (Child("locationName", FREE), Child("incidentAddress", ADDRESS, 0, MANY), _info),
            ),
        ),
        Child(
            "peer2peerIncident",
            Group(
                "peer2peerIncident",
                (
                    Child("client", FREE),
                    Child("ipCaptureEvent", CAPTURE, 0, MANY),
                    Child("fileNames", FREE),
                    _info,
                ),
            ),
        ),
    ),
    one_of=True,
)
SUMMARY = Group(
    "incidentSummary",
    (
        Child("incidentType", Choice(tuple(INCIDENT_TYPES)), 1),
        Child("platform", NAME),
        Child("escalateToHighPriority", LONG),
        Child(
            "reportAnnotations",
            Group(
                "reportAnnotations",
                tuple(Child(name, Flag()) for name in REPORT_ANNOTATIONS),
                any_order=True,
            ),
        ),
        Child("incidentDateTime", Time(past=True), 1),
        Child("incidentDateTimeDescription", LONG),
    ),
)
POLICE = Group(
    "lawEnforcement",
    (
        Child("agencyName", FREE, 1),
        Child("caseNumber", FREE),
        Child("officerContact", PERSON),
        Child("reportedToLe", YesNo()),
        Child("servedLegalProcessDomestic", YesNo()),
        Child(
            "servedLegalProcessInternational",
            YesNo(),
            0,
            1,
            (Attribute("fleaCountry", Text(2)),),
        ),
    ),
)
REPORTER = Group(
    "reporter",
    (
        Child("reportingPerson", REPORTING, 1),
        Child("contactPerson", CONTACT),
        Child("companyTemplate", FREE),
        Child("termsOfService", LONG),
        Child("legalURL", URL),
    ),
)
REPORT = Group(
    "report",
    (
        Child(
            "batchedReport",
            Group("batchedReport", (), (Attribute("reason", Choice((BATCH_REASON,)), True),)),
        ),
        Child("incidentSummary", SUMMARY, 1),
        Child("internetDetails", INCIDENTS, 0, MANY),
        Child("lawEnforcement", POLICE),
        Child("reporter", REPORTER, 1),
        Child("personOrUserReported", REPORTED, 0, MANY),
        Child("intendedRecipient", RECIPIENT, 0, MANY),
        Child("victim", VICTIM, 0, MANY),
        Child("additionalInfo", FREE),
    ),
)
FILE_DETAILS = Group(
    "fileDetails",
    (
        Child("reportId", Text(20), 1),
        Child("fileId", Text(64), 1),
        Child("fileName", Text(2056)),
        Child("originalFileName", Text(2056)),
        Child("uploadedToEspTimestamp", Time()),
        Child("locationOfFile", URL),
        Child("fileViewedByEsp", YesNo()),
        Child("exifViewedByEsp", YesNo()),
        Child("publiclyAvailable", YesNo()),
        Child("fileRelevance", Choice(("Reported", "Supplemental Reported"))),
        Child("potentialMeme", YesNo()),
        Child(
            "fileAnnotations",
            Group(
                "fileAnnotations",
                tuple(Child(name, Flag()) for name in FILE_ANNOTATIONS),
                any_order=True,
            ),
        ),
        Child("industryClassification", Choice(("A1", "A2", "B1", "B2"))),
        Child("originalFileHash", FREE, 0, MANY, (Attribute("hashType", Text(64), required=True),)),
        Child("ipCaptureEvent", CAPTURE),
        Child("deviceId", DEVICE, 0, MANY),
        Child(
            "details",
            Group(
                "details",
                (
                    Child(
                        "nameValuePair",
                        Group("nameValuePair", (Child("name", FREE, 1), Child("value", FREE, 1))),
                        0,
                        MANY,
                    ),
                ),
                (Attribute("type", Choice(("EXIF", "HASH"))),),
            ),
            0,
            MANY,
        ),
        Child("additionalInfo", FREE, 0, MANY),
    ),
)
