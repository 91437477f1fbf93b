"""What a report says, whichever door it came through.

Both dialects (the providers' XML and the police-side JSON) are read into these
values; everything after the door works on them alone. Almost every field may be
missing: only incident type, incident time and the reporter's e-mail are mandatory in
the Reporting API, and police-side files leave out even those.
"""

from datetime import datetime

import msgspec

REPORTED, RECIPIENT, VICTIM = "reported", "recipient", "victim"
ROLES = (REPORTED, RECIPIENT, VICTIM)

INCIDENT_TYPES = (
    "csam",
    "trafficking",
    "travel",
    "molestation",
    "misleading_domain",
    "misleading_words",
    "enticement",
    "obscene_to_child",
)
"""Our codes, in the present terms; each format maps its own words onto them."""

REPORT_ANNOTATIONS = (
    "sextortion",
    "csam_solicitation",
    "minor_to_minor",
    "spam",
    "sadistic",
)
FILE_ANNOTATIONS = (
    "drawn",
    "potential_meme",
    "viral",
    "self_production",
    "physical_harm",
    "violence",
    "bestiality",
    "live_streaming",
    "infant",
    "generative_ai",
)


class Value(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Base of all record values: compact as JSON, defaults left out."""


class Moment(Value):
    """A time as the report wrote it. `utc` is None when `text` cannot be read.

    `has_zone` False means that the text named no zone and UTC was assumed; pages say so.
    """

    text: str
    utc: datetime | None = None
    has_zone: bool = True


class Capture(Value):
    """One event with an IP address (ipCaptureEvent / sourceCaptures)."""

    ip: str
    port: int | None = None
    at: Moment | None = None
    event: str = ""  # login, registration, purchase, upload, other, unknown or ""
    proxy: bool | None = None


class Device(Value):
    kind: str  # IMEI, ICCID, SSID, …
    value: str
    event: str = ""
    at: Moment | None = None


class Email(Value):
    value: str
    verified: bool | None = None
    kind: str = ""


class Phone(Value):
    """A number as written; `calling_code` is the digits of @countryCallingCode."""

    value: str
    calling_code: str = ""
    verified: bool | None = None
    kind: str = ""


class Account(Value):
    """An account at a service: identifier is the provider's own id of the user."""

    service: str = ""
    identifier: str = ""
    relation: str = ""  # of associated accounts: billing, linked, …


class Place(Value):
    """Where somebody is said to be. `country` is ISO 3166-1 alpha-2 or a pseudo code (A1, EU …)."""

    country: str = ""
    region: str = ""
    city: str = ""
    address: str = ""
    source: str = ""  # estimated, address, geo_lookup
    ip: str = ""  # of a geo look-up
    verified: bool | None = None


class Person(Value):
    """Somebody in a report, with the role that the report gave them."""

    role: str
    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""
    age: int | None = None
    birth_date: str = ""
    sex: str = ""  # female, male, other or ""
    account: Account | None = None
    screen_names: list[str] = []
    display_names: list[str] = []
    profile_urls: list[str] = []
    profile_bio: str = ""
    emails: list[Email] = []
    phones: list[Phone] = []
    places: list[Place] = []
    captures: list[Capture] = []
    devices: list[Device] = []
    associated: list[Account] = []
    group: str = ""
    prior_reports: list[str] = []
    compromised: bool | None = None
    disabled: bool | None = None
    third_party: bool | None = None
    access_to_children: bool | None = None
    access_to_firearms: bool | None = None
    convicted: bool | None = None
    relationship: str = ""  # to the child
    vehicle: str = ""
    school: str = ""
    notes: list[str] = []


class File(Value):
    """A file the report names. Hashes are lower-case hex. The bytes are never kept."""

    file_id: str = ""
    name: str = ""
    size: int | None = None
    md5: str = ""
    sha1: str = ""
    sha256: str = ""
    other_hashes: list[tuple[str, str]] = []  # (type as written, value)
    viewed: bool | None = None  # of the ENTIRE content by a person; None = not said
    exif_viewed: bool | None = None
    public: bool | None = None
    supplemental: bool = False
    annotations: list[str] = []  # of FILE_ANNOTATIONS
    classification: str = ""  # A1, A2, B1, B2
    url: str = ""
    uploaded_at: Moment | None = None
    captures: list[Capture] = []
    devices: list[Device] = []
    details: list[tuple[str, str, str]] = []  # (EXIF|HASH|…, name, value)
    tags: list[str] = []
    notes: list[str] = []


class Incident(Value):
    """Where it happened: one of the kinds below, with what the report says of it."""

    kind: str  # web, email, newsgroup, chat, gaming, phone, offline, peer_to_peer, other
    name: str = ""  # client, game, room or location name
    urls: list[str] = []
    emails: list[Email] = []
    phone: Phone | None = None
    captures: list[Capture] = []
    third_party_hosted: bool = False
    content: str = ""
    notes: list[str] = []


class Record(Value):
    """One report, understood. `not_understood` lists `path: reason` for all that was not."""

    format: str  # ispws, le_json
    number: str = ""  # the report number its issuer gave
    provider: str = ""
    reporter_emails: list[str] = []
    incident_type: str = ""  # of INCIDENT_TYPES, "" = unknown
    more_types: list[str] = []
    platform: str = ""
    incident_at: Moment | None = None
    incident_until: Moment | None = None
    incident_note: str = ""
    received_at: Moment | None = None  # by the clearing house
    escalation: str | None = None  # the provider's words; None = not escalated
    priority: str = ""  # 1, 2, 3, E of the clearing house
    informational: bool = False
    batch: str = ""  # VIRAL_POTENTIAL_MEME or ""
    annotations: list[str] = []  # of REPORT_ANNOTATIONS
    incidents: list[Incident] = []
    persons: list[Person] = []
    files: list[File] = []
    stated_country: str = ""  # the clearing house's internationalCountry, alpha-2
    agency: str = ""  # law enforcement already informed
    agency_case: str = ""
    notes: list[str] = []
    not_understood: list[str] = []


class FormatError(Exception):
    """A document could not be read at all. `where` names line, element path or field."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}" if where else reason)
        self.where = where
        self.reason = reason


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Record)


def dump(record: Record) -> bytes:
    return _encoder.encode(record)


def load(data: bytes | str) -> Record:
    return _decoder.decode(data)
