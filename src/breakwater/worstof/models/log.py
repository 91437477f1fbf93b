"""The transparency log: leaves, their counts, signed heads and the hashes of the tree."""

from django.db import models


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
