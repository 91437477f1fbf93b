"""The audit log as it is kept. Rows are only ever added; triggers refuse the rest."""

from django.db import models


class AuditEntry(models.Model):
    """One thing that somebody did or saw. `hash` covers the row and the hash before it."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    agency = models.CharField(max_length=200, blank=True)
    verb = models.CharField(max_length=80)
    target = models.CharField(max_length=200, blank=True)
    detail = models.TextField(default="{}")  # canonical JSON, hashed as it stands
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["target", "seq"], name="audit_target"),
            models.Index(fields=["actor", "seq"], name="audit_actor"),
            models.Index(fields=["verb", "seq"], name="audit_verb"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.verb} {self.target}"


class AuditHead(models.Model):
    """The one row that says where the chain ends; locking it makes writers queue."""

    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.seq} {self.hash}"


class AuditCheck(models.Model):
    """What one verification of the whole chain found."""

    at = models.DateTimeField()
    entries = models.BigIntegerField()
    faults = models.BigIntegerField()
    first_fault = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.entries} {self.faults}"
