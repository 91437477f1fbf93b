"""What resolvers have to block: decided changes, held ones, and the zone as it was signed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from breakwater.worstof.models.entries import Entry


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
    # The same for those who get the names of the common list alone.
    effect_international = models.SmallIntegerField(default=0)

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
    """The digests of 16 buckets in order, 512 octets each, see `rules.zone_digest.row_of`.

    Every publication reads them all and writes those of few buckets: one row of all 4096 was written
    whole for each name, and 4096 rows take long to read. PostgreSQL keeps 1 KiB in the row itself.
    """

    number = models.SmallIntegerField(primary_key=True)
    every = models.BinaryField()
    # Of the names that are not national; None where that are all.
    international = models.BinaryField(null=True)

    def __str__(self) -> str:
        return str(self.pk)


class PublisherState(models.Model):
    """The one row that says how publishing goes; a page shows it."""

    class Probe(models.TextChoices):
        OFF = "off", _("Off: no resolver was given to check with")
        NOTHING = (
            "none",
            _("Asks only for well-known names: your file of names never to block has none"),
        )
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
    # The last `serve` was given a resolver to check with: without it nothing is added.
    needs_check = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)  # the primary ended by itself and was started again
    # Seconds lived when the machine's steady clock was read last, and that reading: `rules.steady`.
    lived = models.FloatField(default=0)
    boot = models.CharField(max_length=36, blank=True)
    boot_seconds = models.FloatField(default=0)

    def __str__(self) -> str:
        return self.problem or "good"


class HeldChange(models.Model):
    """A bulk change that the brake stopped: it waits for two people, or is thrown away.

    With the reason "never-block" it was not stopped: names that must never be blocked left at
    once, without signatures, and do not count as moves of the hour.
    """

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
    # Of names to be accepted as they are kept: their root, and some that would enter or leave.
    copy = models.JSONField(null=True)
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
    # Somebody accepted the names as they were kept: changes do not tell what is new in them.
    is_accepted = models.BooleanField(default=False)
    # Seconds that the publisher had lived, see `rules.steady`; none where nobody read that clock.
    lived = models.FloatField(null=True)
    # Names reach the primary by updates; what it answered last. Empty is good.
    problem = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["at", "serial"], name="worstof_publication_at"),
            models.Index(fields=["lived", "serial"], name="worstof_publication_lived"),
        ]

    def __str__(self) -> str:
        return str(self.serial)
