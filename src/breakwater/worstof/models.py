"""What the desk keeps of domains: who nominated and judged them, what was published, who got it.

A name is kept in its normal form (`formats.domain_name`): lower case, A-labels, no dot at the end.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from breakwater.people.models import Agency


class Answer(models.TextChoices):
    """What an authority says of one criterion."""

    YES = "yes", _("Yes")
    NO = "no", _("No")
    UNSURE = "unsure", _("Cannot say")


class Confidence(models.TextChoices):
    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")


class BlockList(models.Model):
    """A list with its own rule: the international one, or a country's additions beside it."""

    class Distinct(models.TextChoices):
        """What must differ between two authorities for both to count."""

        COUNTRY = "country", _("Authorities of different countries")
        AGENCY = "agency", _("Different agencies")

    name = models.CharField(max_length=120, unique=True)
    country = models.CharField(max_length=2, blank=True)  # of a national overlay; else ""
    legal_basis = models.CharField(max_length=500)
    verifications = models.PositiveSmallIntegerField(default=2)
    distinct = models.CharField(max_length=7, choices=Distinct, default=Distinct.COUNTRY)
    fresh_days = models.PositiveSmallIntegerField(default=90)
    # Blocked for so long after freshness ran out; then it leaves the list by itself.
    grace_days = models.PositiveSmallIntegerField(default=14)

    def __str__(self) -> str:
        return self.name

    @property
    def is_overlay(self) -> bool:
        return bool(self.country)


class RuleChange(models.Model):
    """Other terms for a list, proposed by one person; they hold when another has confirmed."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for a second person")
        CONFIRMED = "confirmed", _("Confirmed")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    block_list = models.ForeignKey(BlockList, on_delete=models.PROTECT, related_name="changes")
    terms = models.JSONField()  # all of `actions.lists.Terms`, by name
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT)  # the proposer's, at that time
    at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["block_list"],
                condition=models.Q(state="waiting"),
                name="worstof_one_rule_change",
            )
        ]

    def __str__(self) -> str:
        return f"{self.block_list_id} {self.state}"


class Entry(models.Model):
    """One domain on its way onto, on, or off one list."""

    class State(models.TextChoices):
        NOMINATED = "nominated", _("To be assessed")
        DISCUSSION = "discussion", _("In discussion")
        GUARDED = "guarded", _("Verified, waits for two more signatures")
        LISTED = "listed", _("Listed")
        DUE = "due", _("Listed, to be verified again")
        LAPSED = "lapsed", _("Left the list: not verified again in time")
        REMOVED = "removed", _("Removed")
        REFUSED = "refused", _("Refused")

    PUBLISHED = (State.LISTED, State.DUE)

    block_list = models.ForeignKey(BlockList, on_delete=models.PROTECT, related_name="entries")
    name = models.CharField(max_length=253)  # A-labels
    shown = models.CharField(max_length=253)  # as people read it, U-labels
    state = models.CharField(max_length=10, choices=State, default=State.NOMINATED)
    # Assessments count within a round; verifying again or nominating again begins a new one.
    round = models.PositiveSmallIntegerField(default=1)
    # Keys of data/guards.toml that named it when it was nominated or verified: [[key, match], …].
    guards = models.JSONField(default=list)
    # Reports here that name it, while it waits to be verified again: the job counts them.
    reports = models.PositiveIntegerField(default=0)
    reports_counted_at = models.DateTimeField(null=True)
    hosting = models.JSONField(default=dict)  # as entered: provider, country, registrar, address
    created_at = models.DateTimeField()
    listed_at = models.DateTimeField(null=True)
    fresh_until = models.DateTimeField(null=True)
    # The next moment at which the clock moves it (due, then lapsed), whatever its state.
    due_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["block_list", "name"], name="worstof_name_once")
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="worstof_state_due"),
            models.Index(fields=["name"], name="worstof_name"),
        ]

    def __str__(self) -> str:
        return self.shown


class Nomination(models.Model):
    """Why a domain was put forward: what was seen, when, by whom. Never content."""

    class Source(models.TextChoices):
        REPORT = "report", _("A report's address")
        HAND = "hand", _("Entered by hand")
        FILE = "file", _("A file")
        PARTNER = "partner", _("A partner's file")

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="nominations")
    source = models.CharField(max_length=7, choices=Source)
    report_number = models.CharField(max_length=60, blank=True)
    evidence = models.CharField(max_length=200)  # the authority's own file number
    seen = models.TextField(max_length=2000)
    seen_at = models.DateTimeField()
    given = models.CharField(max_length=2000, blank=True)  # the address as it was entered
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.entry_id} {self.evidence}"


class Assessment(models.Model):
    """One authority's judgement of the four criteria in one round. A newer one replaces nothing."""

    class Door(models.TextChoices):
        PAGE = "page", _("On a page")
        FILE = "file", _("By file")
        EXCHANGE = "exchange", _("From another desk")

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="assessments")
    round = models.PositiveSmallIntegerField()
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    by_name = models.CharField(max_length=200)
    door = models.CharField(max_length=8, choices=Door, default=Door.PAGE)
    real = models.CharField(max_length=6, choices=Answer)
    under_13 = models.CharField(max_length=6, choices=Answer)
    severe = models.CharField(max_length=6, choices=Answer)
    online = models.CharField(max_length=6, choices=Answer)
    seen_online_at = models.DateTimeField()
    confidence = models.CharField(max_length=6, choices=Confidence)
    note = models.TextField(max_length=2000, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["entry", "round"], name="worstof_assessment_round")]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.agency_id}"


class PartnerFile(models.Model):
    """A file of nominations and assessments, kept byte-exact; each line is taken once.

    `done` counts the lines that are dealt with, so that a worker that was killed goes on behind.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Waits for you to look through it")
        WAITING = "waiting", _("Is being taken in")
        DONE = "done", _("Taken in")

    block_list = models.ForeignKey(BlockList, on_delete=models.PROTECT, related_name="files")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT)  # whose word it is
    door = models.CharField(max_length=8, choices=Assessment.Door, default=Assessment.Door.FILE)
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=7, choices=State, default=State.DRAFT)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["block_list", "sha256"], name="worstof_file_once")
        ]

    def __str__(self) -> str:
        return self.sha256[:12]


class PartnerLine(models.Model):
    """What became of one line of a file; `outcome` is of `rules.incoming`."""

    file = models.ForeignKey(PartnerFile, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=14)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True)
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="worstof_line_once")]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.number} {self.outcome}"


class Signature(models.Model):
    """An extra signature under a guarded entry, or under a change that the brake stopped."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="signatures", null=True)
    round = models.PositiveSmallIntegerField(default=0)
    held = models.ForeignKey(
        "worstof.HeldChange", on_delete=models.PROTECT, related_name="signatures", null=True
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "round", "by"], name="worstof_sign_entry"),
            models.UniqueConstraint(fields=["held", "by"], name="worstof_sign_held"),
        ]

    def __str__(self) -> str:
        return f"{self.by_id} {self.at:%Y-%m-%d}"


class Step(models.Model):
    """The history of an entry as its page tells it; the audit log has the same, chained."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="steps")
    verb = models.CharField(max_length=60)  # of the audit log
    by_name = models.CharField(max_length=200)
    agency_name = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.entry_id} {self.verb}"


class ZoneChange(models.Model):
    """One name that has to enter or leave what resolvers block; written with the decision.

    The publisher takes them in order; `serial` and `published_at` say when it was done.
    """

    name = models.CharField(max_length=253)
    adds = models.BooleanField()
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True)
    decided_at = models.DateTimeField()
    held = models.ForeignKey(
        "worstof.HeldChange", on_delete=models.PROTECT, related_name="changes", null=True
    )
    serial = models.BigIntegerField(null=True)
    published_at = models.DateTimeField(null=True)
    refused = models.CharField(max_length=200, blank=True)  # why it never was published
    # What publishing it did to the zone: 1 the name entered, -1 it left, 0 nothing changed.
    effect = models.SmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["name"], name="worstof_change_name"),
            models.Index(fields=["serial"], name="worstof_change_serial"),
            models.Index(
                fields=["id"],
                name="worstof_change_open",
                condition=models.Q(published_at=None, refused=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{'+' if self.adds else '-'}{self.name}"


class ZoneName(models.Model):
    """One name that resolvers block now: what the publications so far add up to."""

    name = models.CharField(max_length=253, primary_key=True)
    is_national = models.BooleanField()  # only recipients with the national scope get it
    serial = models.BigIntegerField()  # of the publication that brought it
    # First 12 bits of SHA-256(name), see `rules.zone_digest`: so a change costs one bucket.
    bucket = models.SmallIntegerField(default=-1, db_index=True)

    def __str__(self) -> str:
        return self.name


class ZoneDigests(models.Model):
    """One row: the digests of all 4096 buckets in order, see `rules.zone_digest`.

    One row and not 4096, because every publication reads them all.
    """

    every = models.BinaryField()
    international = models.BinaryField()  # of the names that are not national

    def __str__(self) -> str:
        return str(self.pk)


class PublisherState(models.Model):
    """The one row that says how publishing goes; a page shows it."""

    class Probe(models.TextChoices):
        OFF = "off", _("Off: no resolver was given to check with")
        GOOD = "good", _("Names that must never be blocked resolve")
        BAD = "bad", _("A name that must never be blocked did not resolve")

    # Made with the first publication: tells an older copy of this database from another one.
    identity = models.CharField(max_length=32, blank=True)
    problem = models.CharField(max_length=500, blank=True)  # why nothing is published now
    since = models.DateTimeField(null=True)  # when the problem began
    # `breakwater worstof serve` was alive then; while it is, the worker leaves publishing to it.
    served_at = models.DateTimeField(null=True)
    probe = models.CharField(max_length=4, choices=Probe, default=Probe.OFF)
    probed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.problem or "good"


class HeldChange(models.Model):
    """A bulk change that the brake stopped: it waits for two people, or is thrown away."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for two signatures")
        RELEASED = "released", _("Released")
        DISCARDED = "discarded", _("Thrown away")

    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    # Whose own list the names are of; "" of several countries'. Only they see and sign them.
    country = models.CharField(max_length=2, blank=True)
    reason = models.CharField(max_length=60)  # key of a text
    added = models.IntegerField()
    removed = models.IntegerField()
    listed = models.IntegerField()  # names on the list when it was stopped
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"+{self.added} -{self.removed}"


class Publication(models.Model):
    """One state of the zone as it was signed. The last good one is what resolvers keep."""

    serial = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    names = models.IntegerField()
    added = models.IntegerField()
    removed = models.IntegerField()
    sha256 = models.CharField(max_length=64)  # of the sorted names, one a line
    size = models.BigIntegerField()
    manifest = models.TextField()  # JSON, as it was signed
    signature = models.CharField(max_length=128)  # Ed25519, hexadecimal
    # Names reach the primary by updates; what it answered last. Empty is good.
    problem = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.serial)


class Recipient(models.Model):
    """A provider or authority that gets the list, in the forms and scope granted."""

    class Scope(models.TextChoices):
        INTERNATIONAL = "international", _("The international list")
        NATIONAL = "national", _("The international list and the national additions")

    name = models.CharField(max_length=120, unique=True)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True)
    scope = models.CharField(max_length=13, choices=Scope, default=Scope.NATIONAL)
    forms = models.JSONField(default=list)  # keys of `formats.block_list.FORMS`; "dns" transfers
    # The name of the TSIG key; the secret stays in a file that only the desk's user can read.
    key_name = models.CharField(max_length=63, unique=True)
    secret_digest = models.CharField(max_length=64, blank=True)  # of the HTTP secret, shown once
    notify = models.JSONField(default=list)  # ["192.0.2.1:53", …]: told of changes
    resolvers = models.JSONField(default=list)  # asked by the probe; if empty, those of `notify`
    canaries = models.JSONField(default=list)  # names that only this recipient was given
    stop_page = models.CharField(max_length=253, blank=True)  # host of its stop page
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    seen_serial = models.BigIntegerField(null=True)  # that its resolvers answered with last
    transferred_at = models.DateTimeField(null=True)
    downloaded_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Probe(models.Model):
    """One look at a recipient's resolver: which of the asked names it blocks."""

    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="probes")
    resolver = models.CharField(max_length=64)  # address:port
    at = models.DateTimeField()
    asked = models.IntegerField()
    blocked = models.IntegerField()
    canaries_asked = models.IntegerField(default=0)
    canaries_blocked = models.IntegerField(default=0)
    delay_ms = models.IntegerField(null=True)  # from decision to blocked, of the newest name asked
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["recipient", "at"], name="worstof_probe_at")]

    def __str__(self) -> str:
        return f"{self.resolver} {self.blocked}/{self.asked}"


class Appeal(models.Model):
    """Somebody says that a domain is blocked wrongly; the receipt code is its only key."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        UPHELD = "upheld", _("Upheld: the domain was taken off the list")
        REJECTED = "rejected", _("Rejected")

    receipt_digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the code
    # Of the same appeal, what another country has to answer for its own list.
    part_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="parts")
    given = models.CharField(max_length=253)  # the domain as the sender wrote it
    name = models.CharField(max_length=253, blank=True)  # its normal form, if it has one
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="appeals")
    grounds = models.TextField(max_length=4000)
    contact = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=5)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    answer = models.TextField(max_length=4000, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "due_at"], name="worstof_appeal_due")]

    def __str__(self) -> str:
        return self.given


class LogLeaf(models.Model):
    """One decision in the transparency log: the commitment is public, the rest is not."""

    index = models.BigIntegerField(primary_key=True)  # from 0, without gaps
    commitment = models.BinaryField(max_length=32)
    nonce = models.BinaryField(max_length=32)
    decision = models.TextField()  # canonical JSON that the commitment hides
    year = models.PositiveSmallIntegerField()
    verb = models.CharField(max_length=20)  # listed, removed, lapsed, appeal-upheld …

    def __str__(self) -> str:
        return str(self.index)


class LogCount(models.Model):
    """How many leaves of a year (UTC) tell this, so that the public report never counts the log.

    Raised with each leaf, in its transaction and under the log's lock.
    """

    year = models.PositiveSmallIntegerField()
    verb = models.CharField(max_length=20)
    leaves = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["year", "verb"], name="worstof_year_once")]

    def __str__(self) -> str:
        return f"{self.year} {self.verb} {self.leaves}"


class LogHead(models.Model):
    """A signed size and root of the transparency log; `at` in whole seconds, as it was signed."""

    size = models.BigIntegerField(unique=True)
    root = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    signature = models.BinaryField(max_length=64)

    def __str__(self) -> str:
        return str(self.size)


class LogNode(models.Model):
    """The hash of one full subtree of the log; see `rules.merkle.place`. Never changes."""

    place = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return str(self.place)


class StopCount(models.Model):
    """How often the stop page was shown on one day (UTC). Nothing is kept of visitors."""

    day = models.DateField(primary_key=True)
    shown = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.day} {self.shown}"
