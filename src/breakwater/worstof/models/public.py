"""What the public says and sees: appeals, and how often the stop page was shown."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from breakwater.worstof.models.entries import Entry


class Appeal(models.Model):
    """Somebody says that a domain is blocked wrongly; the receipt code is its only key."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        UPHELD = "upheld", _("Upheld: the domain was taken off the list")
        REJECTED = "rejected", _("Rejected")
        UNLISTED = "unlisted", _("Answered: no list had the domain")

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


class AppealedName(models.Model):
    """A name whose block an appeal is about, see `rules.folding.appealed`."""

    appeal = models.ForeignKey(Appeal, on_delete=models.CASCADE, related_name="names")
    name = models.CharField(max_length=253)

    class Meta:
        indexes = [models.Index(fields=["name"], name="worstof_appealed_name")]

    def __str__(self) -> str:
        return self.name


class StopCount(models.Model):
    """How often the stop page was shown on one day (UTC). Nothing is kept of visitors."""

    day = models.DateField(primary_key=True)
    shown = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.day} {self.shown}"
