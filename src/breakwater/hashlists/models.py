"""What the desk keeps of hash lists: lists, what each source says of a file, and its hashes.

A hash may stand in several lists and be said by several members of one: every voice is a row of
`Entry`, and none overwrites another's. Indexes on disk are derived from `Fingerprint` and can be
rebuilt from it.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from breakwater.custody.verbs import in_words


class Direction(models.TextChoices):
    RAISE = "raise", _("Raises the priority")
    LOWER = "lower", _("Lowers the priority")
    KNOWN = "known", _("Says only that the file is known, and changes no priority")


class Handling(models.TextChoices):
    """Who may be told that a hash is on the list."""

    DESK = "desk", _("This desk only")
    AUTHORITIES = "authorities", _("Authorities that the list is shared with")
    PROVIDERS = "providers", _("Authorities and providers")


class Media(models.IntegerChoices):
    UNKNOWN = 0, _("Unknown")
    IMAGE = 1, _("Picture")
    VIDEO = 2, _("Video")


class Kind(models.IntegerChoices):
    """Hashes that are searched; other kinds are kept with the entry as they came."""

    MD5 = 1, "MD5"
    SHA1 = 2, "SHA-1"
    SHA256 = 3, "SHA-256"
    PDQ = 4, "PDQ"
    PHOTODNA = 5, "PhotoDNA"


class HashList(models.Model):
    """One list under one source, legal basis and set of conditions."""

    name = models.CharField(max_length=120, unique=True)
    source = models.CharField(max_length=200)  # who vouches: a clearing house, a unit, a country
    legal_basis = models.CharField(max_length=500)
    scheme = models.CharField(max_length=40, blank=True)  # key of data/grades.toml
    direction = models.CharField(max_length=5, choices=Direction, default=Direction.RAISE)
    handling = models.CharField(max_length=11, choices=Handling, default=Handling.DESK)
    conditions = models.CharField(max_length=500, blank=True)  # in the source's words
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    # Whether its validity let it speak when last looked at: a day that changes it is work for the
    # archive, as retiring is.
    was_valid = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    retired_at = models.DateTimeField(null=True)
    entry_count = models.IntegerField(default=0)  # entries that are not deleted
    # [[original grade, mapped grade, entries], …] as of the last change: counted by the worker,
    # because nobody waits for a page that counts millions.
    grades = models.JSONField(default=list)
    # Grows with every finished import or pull; the index and the archive follow it.
    revision = models.BigIntegerField(default=0)
    indexed_revision = models.BigIntegerField(default=0)
    matched_revision = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class ListChange(models.Model):
    """One import or pull that changed a list. Its number is what `Entry.changed_by` names."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Columns not confirmed")
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    hash_list = models.ForeignKey(HashList, on_delete=models.PROTECT, related_name="changes")
    form = models.CharField(max_length=10)  # table, vics, sharing, collection
    name = models.CharField(max_length=255)  # of the file, or the address that was pulled
    mapping = models.JSONField(default=dict)  # of a table's columns, as a person confirmed it
    file = models.CharField(max_length=100, blank=True)  # below the data folder, until it is done
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    # Of a VICS file, until the change ends: what will be `VicsFrame`, as JSON.
    frames = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    # Entries written and lines set aside, each once: what a person sees grow.
    done = models.BigIntegerField(default=0)
    # Of a file: its entries, and how many of them are written in the order of their keys; a worker
    # that was killed goes on behind them.
    to_write = models.BigIntegerField(default=0)
    written = models.BigIntegerField(default=0)
    added = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    removed = models.BigIntegerField(default=0)
    faulty = models.BigIntegerField(default=0)
    # How far an import is, as a part of `size`: half for reading, half for writing.
    bytes_read = models.BigIntegerField(default=0)
    tries = models.SmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    # Entries of this change that the archive has met: a worker that was killed goes on behind them.
    matched = models.BigIntegerField(default=0)
    # How many hashes it has met of how many; unknown before it began.
    met = models.BigIntegerField(default=0)
    to_meet = models.BigIntegerField(null=True)
    matched_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    # When all that it says began to hold. Before, nobody is told any of it; recipients are told
    # its entries as changed at this time.
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state"], name="listchange_state")]

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """The name for people: of a change of terms it is a verb of the log."""
        return in_words(self.name)


class ListFault(models.Model):
    """A line set aside, or read with an allowance: `formats.hash_entry.Fault` as a row."""

    FIELDS = ("place", "field", "problem", "advice", "found", "count")

    change = models.ForeignKey(ListChange, on_delete=models.CASCADE, related_name="faults")
    place = models.CharField(max_length=200)
    field = models.CharField(max_length=80, blank=True)
    problem = models.CharField(max_length=40)
    advice = models.CharField(max_length=40)
    found = models.CharField(max_length=200, blank=True)
    count = models.IntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.place} {self.problem}"


class Entry(models.Model):
    """What one member says of one file in one list.

    `facts` is the rest of `formats.hash_entry.HashEntry` as JSON, so that an export loses nothing.
    """

    hash_list = models.ForeignKey(HashList, on_delete=models.PROTECT, db_index=False)
    # The source's own name of the entry, or its first hash where the source has none.
    source_key = models.CharField(max_length=200)
    member = models.CharField(max_length=120, blank=True)
    media = models.SmallIntegerField(choices=Media, default=Media.UNKNOWN)
    grade = models.CharField(max_length=60, blank=True)  # the source's own word, never changed
    mapped_grade = models.CharField(max_length=12, blank=True)  # key of data/grades.toml
    deleted_at = models.DateTimeField(null=True)
    facts = models.BinaryField()
    # The change that wrote it last. While that is not finished the entry is nobody's to see.
    changed_by = models.ForeignKey(
        ListChange, on_delete=models.PROTECT, db_index=False, db_constraint=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hash_list", "source_key"], name="entry_once")
        ]
        # A sharing server answers by the times of changes, in pages.
        indexes = [models.Index(fields=["changed_by", "id"], name="entry_changed_by")]

    def __str__(self) -> str:
        return f"{self.hash_list_id} {self.source_key}"


class VicsFrame(models.Model):
    """What stands around records of VICS files: the root of the file, and the case.

    Entries name it by `key`, which is made of kind, version, scheme and case alone, so that a
    newer file of the same case takes its place.
    """

    hash_list = models.ForeignKey(HashList, on_delete=models.PROTECT, related_name="vics_frames")
    key = models.CharField(max_length=64)  # SHA-256 of the frame, see `rules.frames`
    frame = models.TextField()  # JSON: [kind, version, scheme, name of the case]
    root = models.TextField()  # JSON, with an empty list instead of the members
    case = models.TextField(blank=True)  # JSON, with an empty list of media; "" in a hash set

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hash_list", "key"], name="vics_frame_once")]

    def __str__(self) -> str:
        return self.frame


class Fingerprint(models.Model):
    """One hash of an entry. Its id is what the indexes on disk give back."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="fingerprints")
    kind = models.SmallIntegerField(choices=Kind)
    value = models.BinaryField(max_length=144)

    class Meta:
        indexes = [models.Index(fields=["kind", "value"], name="fingerprint_value")]

    def __str__(self) -> str:
        return f"{Kind(self.kind).label} {bytes(self.value).hex()}"


class IndexMark(models.Model):
    """That this database has seen all that a file of the index on disk was made of.

    See `index`: an older copy of the database does not hold the mark.
    """

    kind = models.SmallIntegerField(choices=Kind)
    mark = models.CharField(max_length=32, unique=True)

    def __str__(self) -> str:
        return f"{Kind(self.kind).label} {self.mark}"


class Amendment(models.Model):
    """What an unfinished change will say of an entry that the list holds already."""

    # Nothing of these is asked for by entry alone, and a change of millions writes millions.
    change = models.ForeignKey(
        ListChange, on_delete=models.CASCADE, db_index=False, db_constraint=False, related_name="+"
    )
    entry_id = models.BigIntegerField()
    member = models.CharField(max_length=120, blank=True)
    media = models.SmallIntegerField(choices=Media)
    grade = models.CharField(max_length=60, blank=True)
    mapped_grade = models.CharField(max_length=12, blank=True)
    is_deleted = models.BooleanField()
    facts = models.BinaryField()
    has_other_hashes = models.BooleanField()  # then all of them stand in `AmendedHash`

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["change", "entry_id"], name="amendment_once")
        ]

    def __str__(self) -> str:
        return f"{self.change_id} of {self.entry_id}"


class AmendedHash(models.Model):
    """One of the hashes that an unfinished change will give to an entry in place of its own."""

    change = models.ForeignKey(
        ListChange, on_delete=models.CASCADE, db_index=False, db_constraint=False, related_name="+"
    )
    entry_id = models.BigIntegerField()
    kind = models.SmallIntegerField(choices=Kind)
    value = models.BinaryField(max_length=144)

    class Meta:
        indexes = [models.Index(fields=["change", "entry_id"], name="amended_hash_entry")]

    def __str__(self) -> str:
        return f"{Kind(self.kind).label} {bytes(self.value).hex()}"


class Opinion(models.Model):
    """Feedback of one authority or recipient on an entry: agrees, or disagrees with reasons."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="opinions")
    kind = models.SmallIntegerField(choices=Kind)
    author = models.CharField(max_length=120)
    agrees = models.BooleanField()
    reasons = models.JSONField(default=list)  # keys of data/feedback.toml
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "kind", "author"], name="opinion_once")
        ]

    def __str__(self) -> str:
        return f"{self.author} on {self.entry_id}"


class ForeignOpinion(models.Model):
    """What a member of the server that an entry was pulled from says of it, as that server tells.

    The member may be nobody, and the reason one that this desk does not know: both as written.
    """

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="foreign_opinions")
    kind = models.CharField(max_length=40, blank=True)  # of hash, in the server's spelling
    member_id = models.CharField(max_length=40, blank=True)
    member = models.CharField(max_length=120, blank=True)
    agrees = models.BooleanField()
    reason_guid = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.member or self.member_id} on {self.entry_id}"


class Recipient(models.Model):
    """An account that may pull lists or look hashes up. Only the secret's SHA-256 is kept."""

    class Sort(models.TextChoices):
        AUTHORITY = "authority", _("Authority")
        PROVIDER = "provider", _("Provider")

    name = models.CharField(max_length=120, unique=True)
    sort = models.CharField(max_length=9, choices=Sort)
    username = models.CharField(max_length=80, unique=True)
    secret_sha256 = models.CharField(max_length=64)
    may_pull = models.ManyToManyField(HashList, related_name="recipients", blank=True)
    may_look_up = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Calls(models.Model):
    """How often an account asked in one minute; only its newest minute is kept."""

    name = models.CharField(max_length=120)
    minute = models.BigIntegerField()  # since 1970
    count = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "minute"], name="calls_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.minute}: {self.count}"


class Source(models.Model):
    """A hash-sharing server that a list is pulled from, and how far the pull has come.

    Entries do not come in the order of time: only a range whose pages are exhausted moves
    `complete_until`. `next_page` continues a range that was broken off, within twelve hours.
    """

    hash_list = models.OneToOneField(HashList, on_delete=models.CASCADE, related_name="pulled_from")
    address = models.URLField(max_length=300)
    username = models.CharField(max_length=120)
    # Name of the environment variable with the password: secrets do not stand in the database.
    password_from = models.CharField(max_length=80)
    every_minutes = models.IntegerField(default=60)
    complete_until = models.DateTimeField(null=True)
    range_until = models.DateTimeField(null=True)
    next_page = models.CharField(max_length=500, blank=True)
    page_at = models.DateTimeField(null=True)
    trail = models.JSONField(default=list)  # `rules.pulling.Trail` of the range: a ring ends it
    tries = models.SmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    last_done_at = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.address
