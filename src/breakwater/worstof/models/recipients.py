"""Who gets the list, and what its resolvers were seen to block."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from breakwater.people.models import Agency

# What resolvers and proxies obey; people and other desks read the rest.
OBEYED = frozenset(("dns", "rpz", "hosts", "unbound", "dnsmasq", "squid"))


class Recipient(models.Model):
    """A provider or authority that gets the list, in the forms and scope granted."""

    class Scope(models.TextChoices):
        INTERNATIONAL = "international", _("The international list")
        NATIONAL = "national", _("The international list and the national additions")

    class Refusal(models.TextChoices):
        SECRET = "secret", _("the secret of its key is wrong")
        CLOCK = "clock", _("its clock and the desk's differ by more than five minutes")

    name = models.CharField(max_length=120, unique=True)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True)
    scope = models.CharField(max_length=13, choices=Scope, default=Scope.NATIONAL)
    forms = models.JSONField(default=list)  # keys of `formats.block_list.FORMS`; "dns" transfers
    # The name of the TSIG key; the secret stays in a file that only the desk's user can read.
    key_name = models.CharField(max_length=63, unique=True)
    secret_digest = models.CharField(max_length=64, blank=True)  # of the HTTP secret, shown once
    notify = models.JSONField(default=list)  # ["192.0.2.1:53", …]: told of changes
    resolvers = models.JSONField(default=list)  # asked by the probe
    canaries = models.JSONField(default=list)  # names that only this recipient was given
    stop_page = models.CharField(max_length=253, blank=True)  # host of its stop page
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    seen_serial = models.BigIntegerField(null=True)  # that its resolvers answered with last
    transferred_at = models.DateTimeField(null=True)
    downloaded_at = models.DateTimeField(null=True)
    downloaded_serial = models.BigIntegerField(
        null=True
    )  # of the last copy that it took to its end
    # Why the primary refuses what its resolvers ask, since their last transfer.
    refusal = models.CharField(max_length=6, choices=Refusal, blank=True)
    refused_at = models.DateTimeField(null=True)
    # Why what the primary has for it is not what was published last, in the server's words.
    stays_because = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return self.name

    @property
    def transfers(self) -> bool:
        """Whether its resolvers take the zone by themselves."""
        return "dns" in self.forms

    @property
    def blocks(self) -> bool:
        """Whether it gets a form that resolvers and proxies read, so that it can be asked."""
        return not OBEYED.isdisjoint(self.forms)

    @property
    def taken(self) -> int | None:
        """The serial of what it took last; None if it took nothing."""
        return self.seen_serial if self.transfers else self.downloaded_serial

    @property
    def taken_at(self) -> datetime | None:
        return self.transferred_at if self.transfers else self.downloaded_at


class TransferSource(models.Model):
    """An address that took the zone with a recipient's key, and its last transfer."""

    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="sources")
    address = models.CharField(max_length=45)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    is_whole = models.BooleanField()  # the last one was of all names, and not of what changed
    whole_at = models.DateTimeField(null=True)
    serial = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recipient", "address"], name="worstof_source_once")
        ]

    def __str__(self) -> str:
        return self.address


class Probe(models.Model):
    """One look at a recipient's resolver: which of the asked names it blocks.

    `problem` is "" or one of `SILENT`, or the code of answers that tell nothing: "refused",
    "servfail" and so on.
    """

    SILENT = ("no-answer", "bad-address")

    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="probes")
    resolver = models.CharField(max_length=64)  # address:port
    at = models.DateTimeField()
    # Names and canaries whose answer cannot tell are in `unclear` and in no other count.
    asked = models.IntegerField()
    blocked = models.IntegerField()
    canaries_asked = models.IntegerField(default=0)
    canaries_blocked = models.IntegerField(default=0)
    unclear = models.IntegerField(default=0)
    delay_ms = models.IntegerField(null=True)  # from decision to blocked, of the name watched
    is_late = models.BooleanField(default=False)  # the watched name was not blocked in its minute
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["recipient", "at"], name="worstof_probe_at")]

    def __str__(self) -> str:
        return f"{self.resolver} {self.blocked}/{self.asked}"
