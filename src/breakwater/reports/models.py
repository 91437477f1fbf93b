"""What the desk keeps of reports: originals as they came, and what was understood.

Originals and filings are the truth; every other table here except the history of
decisions can be rebuilt from them (`breakwater reports rebuild`).
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Door(models.TextChoices):
    PROVIDER = "provider", _("Provider door")
    POLICE = "police", _("Police door")


class Provider(models.Model):
    """A service that files reports, under the name that reports use for it; "" = not named."""

    name = models.CharField(max_length=255, unique=True)

    def __str__(self) -> str:
        return self.name


class ProviderAccount(models.Model):
    """A provider's key to the reporting API. Only the secret's SHA-256 is kept."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT)
    username = models.CharField(max_length=80, unique=True)
    secret_sha256 = models.CharField(max_length=64)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.username


class Delivery(models.Model):
    """One hand-over at a door: an import (file, ZIP, folder) or one finished filing."""

    class State(models.TextChoices):
        RECEIVING = "receiving", _("Being received")
        RECEIVED = "received", _("Received")
        DONE = "done", _("Done")

    door = models.CharField(max_length=10, choices=Door)
    name = models.CharField(max_length=255)
    sent_by = models.CharField(max_length=200)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVING)
    total = models.IntegerField(null=True)  # documents announced; None while not known
    # One result per document: {"name", "result": accepted|repeat|refused, "reason", "number"}
    results = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["-received_at"], name="delivery_received")]

    def __str__(self) -> str:
        return self.name


class Original(models.Model):
    """The bytes of one report as they came, compressed, with the SHA-256 of the bytes."""

    class State(models.IntegerChoices):
        WAITING = 0, _("Waiting to be read")
        READ = 1, _("Read")
        REPEAT = 2, _("Another copy of a report we have")
        STUCK = 3, _("Could not be read")

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, null=True, db_index=False)
    door = models.CharField(max_length=10, choices=Door)
    format = models.CharField(max_length=10)  # filing, le_json
    name = models.CharField(max_length=255, blank=True)
    provider_name = models.CharField(max_length=255, blank=True)  # of the door's account
    sha256 = models.BinaryField(max_length=32)
    size = models.IntegerField()
    content = models.BinaryField()  # zlib
    number = models.CharField(max_length=40)  # P-<our number> or C-<clearing house number>
    received_at = models.DateTimeField()
    state = models.SmallIntegerField(choices=State, default=State.WAITING)
    tries = models.SmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sha256"], name="original_sha256")]
        indexes = [
            models.Index(fields=["id"], name="original_waiting", condition=models.Q(state=0)),
            models.Index(fields=["id"], name="original_stuck", condition=models.Q(state=3)),
            models.Index(fields=["number"], name="original_number"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class Filing(models.Model):
    """A provider's filing while it is open, and what became of it. Its id is the reportId."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        FINISHED = "finished", _("Finished")
        RETRACTED = "retracted", _("Retracted")
        EXPIRED = "expired", _("Expired")

    account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT)
    xml = models.BinaryField()
    opened_at = models.DateTimeField()
    modified_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["modified_at"], name="filing_open", condition=models.Q(state="open")
            )
        ]

    def __str__(self) -> str:
        return f"P-{self.pk}"


class FilingFile(models.Model):
    """One uploaded file of an open filing: hashes and size, never the bytes."""

    filing = models.ForeignKey(Filing, on_delete=models.CASCADE, related_name="files")
    file_id = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=2056, blank=True)
    size = models.BigIntegerField()
    md5 = models.CharField(max_length=32)
    sha1 = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    details_xml = models.BinaryField(null=True)
    uploaded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.file_id


class Report(models.Model):
    """One report as understood. `record` is the whole `formats.record.Record` as JSON."""

    number = models.CharField(max_length=40, unique=True)
    original = models.ForeignKey(Original, on_delete=models.PROTECT, db_index=False)
    door = models.CharField(max_length=10, choices=Door)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, db_index=False)
    received_at = models.DateTimeField()
    incident_at = models.DateTimeField(null=True)
    incident_type = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True)
    country_reason = models.CharField(max_length=20, blank=True)  # key of data/country.toml
    ip_grade = models.SmallIntegerField(
        default=0
    )  # rules.identify.IpGrade, the best of its captures
    is_urgent = models.BooleanField(default=False)
    is_batch = models.BooleanField(default=False)
    is_informational = models.BooleanField(default=False)
    has_generative_ai = models.BooleanField(default=False)
    score = models.IntegerField(default=0)
    reasons = models.TextField(
        default="[]"
    )  # JSON [[rule key, points, {params}], …], heaviest first
    completeness = models.SmallIntegerField(default=0)  # per cent
    problems = models.SmallIntegerField(default=0)  # len(record.not_understood)
    file_count = models.IntegerField(default=0)
    record = models.BinaryField()  # zlib of JSON

    class Meta:
        indexes = [models.Index(fields=["-received_at"], name="report_received")]

    def __str__(self) -> str:
        return self.number


class Selector(models.Model):
    """A normalised identifier. Its id is derived from kind and value (`rules.identify`).

    `frequency` counts the reports it appears in; `bundle` is where reports with it go
    until the cap of `data/bundling.toml` is reached.
    """

    id = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=8)
    value = models.CharField(max_length=2100)
    frequency = models.IntegerField(default=0)
    bundle = models.ForeignKey(
        "Bundle", on_delete=models.SET_NULL, null=True, db_index=False, db_constraint=False
    )
    first_seen_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["value"], name="selector_value")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class PictureHash(models.Model):
    """A PDQ value that a report named, numbered in the order of arrival.

    What the index of pictures is made from: a process reads on behind the newest it holds.
    """

    selector = models.ForeignKey(
        Selector, on_delete=models.CASCADE, db_index=False, db_constraint=False
    )
    code = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return bytes(self.code).hex()


class PhotodnaHash(models.Model):
    """A PhotoDNA value that a report named, numbered in the order of arrival.

    What an archive is searched by when a list names such values; nothing else reads it.
    """

    selector = models.ForeignKey(
        Selector, on_delete=models.CASCADE, db_index=False, db_constraint=False
    )
    code = models.BinaryField(max_length=144)

    def __str__(self) -> str:
        return bytes(self.code).hex()


class UrlHost(models.Model):
    """The host of a url selector, and each name above it that could be blocked with it.

    So that the reports that name a host are counted by an index (`rules.identify.url_hosts`).
    """

    host = models.CharField(max_length=253)  # A-labels
    selector = models.ForeignKey(
        Selector, on_delete=models.CASCADE, db_index=False, db_constraint=False
    )

    class Meta:
        indexes = [models.Index(fields=["host", "selector"], name="urlhost_host")]

    def __str__(self) -> str:
        return self.host


class Appearance(models.Model):
    """A selector in a report, in the role that the report gave it.

    Some twelve a report, written with it in one transaction and made anew by a rebuild: checking
    each against its report cost PostgreSQL more than writing it.
    """

    report = models.ForeignKey(
        Report, on_delete=models.CASCADE, db_index=False, db_constraint=False
    )
    selector = models.ForeignKey(
        Selector, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )
    role = models.CharField(max_length=9)  # reported, recipient, victim, incident, file

    class Meta:
        indexes = [
            models.Index(fields=["report"], name="appearance_report"),
            models.Index(fields=["selector", "report"], name="appearance_selector"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.role} {self.selector_id}"


class FileMatch(models.Model):
    """That a hash of a report's file is on a hash list, at what distance and who says so.

    Lists and entries belong to the room below: they are named by number and read through its
    queries.
    """

    report = models.ForeignKey(
        Report, on_delete=models.CASCADE, related_name="matches", db_constraint=False
    )
    selector_id = models.BigIntegerField()
    list_id = models.BigIntegerField()
    entry_id = models.BigIntegerField()
    distance = models.SmallIntegerField()
    direction = models.CharField(max_length=5)

    class Meta:
        indexes = [
            models.Index(fields=["list_id", "report"], name="filematch_list"),
            models.Index(fields=["entry_id"], name="filematch_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} on list {self.list_id}"


class Bundle(models.Model):
    """Reports that are one matter: the unit of work of the queue.

    Facts of its best report are copied here so that a queue page reads this table alone.
    """

    class State(models.IntegerChoices):
        NEW = 0, _("New")
        OPEN = 1, _("In work")
        REFERRED = 2, _("Referred")
        ARCHIVED = 3, _("Archived")
        MERGED = 4, _("Merged into another bundle")

    state = models.SmallIntegerField(choices=State, default=State.NEW)
    is_urgent = models.BooleanField(default=False)
    score = models.IntegerField(default=0)
    top_report = models.ForeignKey(
        Report, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    reasons = models.TextField(default="[]")  # of the top report
    country = models.CharField(max_length=2, blank=True)
    incident_type = models.CharField(max_length=20, blank=True)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, db_index=False)
    is_batch = models.BooleanField(default=False)
    is_informational = models.BooleanField(default=False)
    has_generative_ai = models.BooleanField(default=False)
    ip_grade = models.SmallIntegerField(default=0)
    report_count = models.IntegerField(default=0)
    opened_at = models.DateTimeField()  # first report received
    last_report_at = models.DateTimeField()
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="bundles"
    )
    archive_reason = models.CharField(max_length=30, blank=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, db_index=False)
    # Since when a hash list names a file of it, until somebody has looked.
    matched_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["-matched_at"],
                name="bundle_matched",
                condition=models.Q(matched_at__isnull=False),
            ),
            models.Index(
                fields=["state", "-is_urgent", "-score", "-last_report_at", "-id"],
                name="bundle_queue",
            ),
            models.Index(
                fields=["country", "state", "-is_urgent", "-score", "-last_report_at", "-id"],
                name="bundle_country_queue",
            ),
        ]

    def __str__(self) -> str:
        return f"B-{self.pk}"


class Membership(models.Model):
    """That a report belongs to a bundle, and why it does.

    A viral batch has one membership per country of its accounts; every other report has one.
    """

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="memberships")
    bundle = models.ForeignKey(Bundle, on_delete=models.PROTECT, related_name="memberships")
    via = models.CharField(max_length=20, blank=True)  # first, account, recipient, file, person …
    via_distance = models.SmallIntegerField(default=0)  # bits, between nearly the same pictures
    via_selector = models.ForeignKey(
        Selector, on_delete=models.SET_NULL, null=True, db_index=False, db_constraint=False
    )
    country = models.CharField(max_length=2, blank=True)  # of a batch's part

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "bundle"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.report_id} in {self.bundle_id}"


class BundleChange(models.Model):
    """One decision about a bundle, with what is needed to take it back."""

    bundle = models.ForeignKey(Bundle, on_delete=models.PROTECT, related_name="changes")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    verb = models.CharField(max_length=20)  # assigned, archived, merged, split, shared, …
    note = models.TextField(blank=True)
    before = models.JSONField(default=dict)  # field -> old value, or moved membership ids
    after = models.JSONField(default=dict)
    bulk = models.CharField(max_length=32, blank=True)  # one id for a bulk action
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["bulk"], name="change_bulk")]

    def __str__(self) -> str:
        return f"{self.bundle_id} {self.verb}"


class Seen(models.Model):
    """When somebody last opened a bundle; newer reports make it unread again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    bundle = models.ForeignKey(Bundle, on_delete=models.CASCADE)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "bundle"], name="seen_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.bundle_id}"


class Share(models.Model):
    """That an agency other than the police may read a bundle."""

    bundle = models.ForeignKey(Bundle, on_delete=models.CASCADE, related_name="shares")
    agency = models.ForeignKey("people.Agency", on_delete=models.PROTECT)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bundle", "agency"], name="share_once")]

    def __str__(self) -> str:
        return f"{self.bundle_id} to {self.agency_id}"


class Tally(models.Model):
    """Reports counted per day as they are read, so that figures never scan reports."""

    day = models.DateField()  # UTC day of receipt
    country = models.CharField(max_length=2, blank=True)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, db_index=False)
    incident_type = models.CharField(max_length=20, blank=True)
    reports = models.IntegerField(default=0)
    urgent = models.IntegerField(default=0)
    files = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "country", "provider", "incident_type"],
                name="tally_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.country}"


class PersonTally(models.Model):
    """People counted per month by role, age band and sex, where the report says them."""

    month = models.DateField()
    country = models.CharField(max_length=2, blank=True)
    role = models.CharField(max_length=9)
    age_band = models.CharField(max_length=7, blank=True)  # 0-2 … 16-17, 18+, ""
    sex = models.CharField(max_length=6, blank=True)
    persons = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["month", "country", "role", "age_band", "sex"], name="person_tally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.role}"


class Job(models.Model):
    """Work that is not a state of another row: a periodic duty with its last outcome."""

    name = models.CharField(max_length=60, unique=True)
    next_run_at = models.DateTimeField()
    last_run_at = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    last_error = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name
