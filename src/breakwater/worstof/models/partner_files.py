"""Files of partners' nominations and assessments, and what became of each line."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from breakwater.people.models import Agency
from breakwater.worstof.models.entries import Entry
from breakwater.worstof.models.judging import Assessment
from breakwater.worstof.models.lists import BlockList


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
    # Who had it taken in; until then, who brought it in.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True
    )
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
