"""The words that people read for the codes of this room; a test finds a code without words."""

from collections.abc import Mapping

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext_lazy

from breakwater.hashlists.rules.grades import OWN, Schemes, schemes
from breakwater.hashlists.rules.voices import Verdict

Words = Mapping[str, str | Promise]

PROBLEMS: Words = {
    "wrong_length": lazy("The hash is not of the length of its kind"),
    "not_hexadecimal": lazy("There are other characters than 0–9 and a–f"),
    "mixed_encodings": lazy("Two encodings are mixed"),
    "missing": lazy("The value is missing"),
    "no_fingerprint": lazy("The line has no hash that can be read"),
    "unknown_kind": lazy("This kind of hash is not known"),
    "ambiguous_kind": lazy("64 digits are SHA-256 or PDQ, and nothing says which"),
    "uppercase": lazy("The hash is in capital letters"),
    "nul_bytes": lazy("The line has NUL characters in it"),
    "half_characters": lazy("The line has halves of characters in it"),
    "odd_encoding": lazy("The file is not in UTF-8"),
    "byte_order_mark": lazy("A byte order mark stands in the middle of the file"),
    "too_long": lazy("The line or value is too long"),
    "too_deep": lazy("The value is nested too deeply"),
    "broken_quotes": lazy("A quotation mark is never closed"),
    "row_width": lazy("The line has more or fewer columns than the table"),
    "comment": lazy("The line is a comment"),
    "repeated_header": lazy("The header stands in the file again"),
    "not_json": lazy("This is not JSON"),
    "not_an_object": lazy("This is not an object with names and values"),
    "bad_time": lazy("The time cannot be read"),
    "time_without_zone": lazy("The time has no zone and was taken as UTC"),
    "dotnet_time": lazy("The time is written in the way of .NET"),
    "bad_number": lazy("The number cannot be read"),
    "number_as_text": lazy("A number is written as text"),
    "flag_as_text": lazy("Yes or no is written as text"),
    "bad_flag": lazy("This is neither yes nor no"),
    "unknown_model": lazy("The file does not name a data model that is known"),
    "context_spelling": lazy("The data model is named in an unusual way"),
    "context_differs": lazy("The file is not what its data model says"),
    "field_spelling": lazy("The name of the field is spelled in an unusual way"),
    "graded_without_grade": lazy("It is marked as graded and has no grade"),
    "count_differs": lazy("The number of entries is not what the file says"),
    "same_file": lazy("The same file has several entries"),
    "repeated_entry": lazy("A later line says something else of the same entry, and that counts"),
    "contradiction": lazy("There are two values where there can be one"),
    "scheme_differs": lazy(
        "The grades are of another scheme than that of the list, and were read by their own"
    ),
    "low_quality": lazy("The quality of the PDQ hash is below 50: it says too little to match on"),
    "flat_picture": lazy(
        "The PDQ hash is of a nearly flat picture: it matches only the very same value"
    ),
    "exif_spelling": lazy("The camera data is written in an unusual way"),
    "unknown_element": lazy("This element is not known"),
    "wrong_namespace": lazy("The element has the wrong namespace"),
}
ADVICE: Words = {
    "normalised": lazy("Read in its usual form; nothing to do."),
    "kept_as_written": lazy("Kept as it was written."),
    "counted_again": lazy("Counted again by this desk."),
    "check_source": lazy("It was read; ask the source what is meant."),
    "choose_kind": lazy("Say which kind of hash this column is."),
    "value_left_out": lazy("This value was left out; ask the source for it."),
    "entry_left_out": lazy("This entry was left out; correct the line and import it again."),
}
GRADES: Words = {
    "baseline": lazy("INTERPOL Baseline"),
    "a1": lazy("A1: before puberty, sexual act"),
    "a2": lazy("A2: before puberty, lascivious display"),
    "b1": lazy("B1: in puberty, sexual act"),
    "b2": lazy("B2: in puberty, lascivious display"),
    "csam": lazy("CSAM by national law"),
    "exploitive": lazy("Exploitive of a child, not CSAM"),
    "generated": lazy("Drawn or computer-made"),
    "ungraded": lazy("Not graded"),
    "not_csam": lazy("Not CSAM"),
    "": lazy("Not mapped"),
}
KINDS: Words = {
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "pdq": "PDQ",
    "photodna": "PhotoDNA",
    "vpdq": "vPDQ",
    "tmk_pdqf": "TMK+PDQF",
    "netclean": "NetClean",
    "videntifier": "Videntifier",
    "ssvh_pdna": "SSVH PhotoDNA",
    "ssvh_safer_hash": "SSVH SaferHash",
}
TARGETS: Words = {
    **KINDS,
    "hash": lazy("Hash of any kind"),
    "kind": lazy("Kind of hash"),
    "entry_id": lazy("The source's number of the entry"),
    "member_id": lazy("Number of the member"),
    "member_name": lazy("Name of the member"),
    "media": lazy("Picture or video"),
    "grade": lazy("Grade"),
    "scheme": lazy("Grading scheme"),
    "changed_at": lazy("Time of the last change"),
    "quality": lazy("Quality of the PDQ hash"),
    "size": lazy("Size"),
    "mime_type": lazy("MIME type"),
    "series": lazy("Series"),
    "tags": lazy("Tags"),
    "note": lazy("Note"),
    "deleted": lazy("Deleted at the source"),
    "more_hashes": lazy("More hashes"),
    "extra": lazy("Everything else, as JSON"),
}
FORMS: Words = {
    "table": lazy("Table"),
    "vics": "VICS",
    "sharing": lazy("Pulled"),
    "collection": lazy("Own collection"),
    "terms": lazy("Terms"),
}
# A shape before each word: colour is never the only signal.
DIRECTIONS: Words = {
    "raise": lazy("▲ Raises"),
    "lower": lazy("▽ Lowers"),
    "known": lazy("◇ Known"),
}
SCHEMES: Words = {
    "industry": lazy("Industry classification A1–B2"),
    "interpol": lazy("INTERPOL Baseline"),
    "vics_us": lazy("Project VIC, United States"),
    "vics_uk": lazy("CAID, United Kingdom"),
    "copine": lazy("COPINE, ten levels"),
    "sap": lazy("SAP, five levels"),
    "own": lazy("The source's own words"),
}
MEDIA: Words = {
    "0": pgettext_lazy("medium", "Unknown"),
    "1": lazy("Picture"),
    "2": lazy("Video"),
}


def word(words: Words, key: str) -> str:
    """The word of a code; a code without one as it is."""
    return str(words.get(key, key))


def scheme(key: str, known: Schemes) -> str:
    """The name of a grading scheme with its version; a key that is not known any more as it is."""
    if key not in known:
        return key
    found, ours = known[key], schemes().get(key)
    name = str(SCHEMES[key]) if found == ours else found.name
    return name if key == OWN else f"{name} ({found.version})"


def number(value: int) -> str:
    """A number with the thousands of the reader's language."""
    return str(formats.number_format(value, use_l10n=True, force_grouping=True))


def said(verdict: Verdict) -> str:
    """What the lists say together, in one sentence."""
    if not verdict.voices:
        return _("Nothing known")
    if verdict.is_contradicted:
        return _("Lists disagree")
    if verdict.raises:
        return _("Known; raises the priority")
    if verdict.lowers:
        return _("Known; lowers the priority")
    return _("Known; changes no priority")
