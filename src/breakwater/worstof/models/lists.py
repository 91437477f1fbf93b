"""Lists, their rules, and the changes of a rule that wait for a second person."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from breakwater.people.models import Agency


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
