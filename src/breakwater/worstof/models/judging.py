"""What authorities say of a domain, criterion by criterion."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from breakwater.people.models import Agency
from breakwater.worstof.models.entries import Entry


class Answer(models.TextChoices):
    """What an authority says of one criterion."""

    YES = "yes", _("Yes")
    NO = "no", _("No")
    UNSURE = "unsure", _("Cannot say")


class Confidence(models.TextChoices):
    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")


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
