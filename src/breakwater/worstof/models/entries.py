"""A domain on its way onto, on, or off a list, and what its page tells of it.

A name is kept in its normal form (`formats.domain_name`): lower case, A-labels, no dot at the end.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from breakwater.people.models import Agency
from breakwater.worstof.models.lists import BlockList


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
    # Those that name it since, and for which it was asked again: [[key, match, refuses], …].
    new_guards = models.JSONField(default=list)
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
