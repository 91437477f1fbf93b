"""Reads the perceptual hashes that reports name as selectors: their name, a colon, the value."""

from breakwater.formats.hash_entry import BadFingerprint, kind_of, read_fingerprint

PREFIX = "pdq:"
PHOTODNA = "photodna"
DIGITS = 64


def pdq_code(value: str) -> bytes | None:
    """The 32 bytes of a selector that is a PDQ value; None for every other text.

    What a provider calls PDQ may be anything.
    """
    digits = value.removeprefix(PREFIX)
    if digits == value or len(digits) != DIGITS or not digits.isascii() or not digits.isalnum():
        return None
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return None


def photodna_code(value: str) -> bytes | None:
    """The 144 bytes of a selector that is a PhotoDNA value, in any of its three spellings."""
    name, _, text = value.partition(":")
    if kind_of(name) != PHOTODNA:
        return None
    try:
        return bytes.fromhex(read_fingerprint(PHOTODNA, text).value)
    except BadFingerprint:
        return None


def selector_value(name: str, value: str) -> str:
    """A perceptual hash as a selector's value; one of PhotoDNA is spelled in one way."""
    text = f"{name.lower()}:{value}"
    if text.startswith(PREFIX):
        return text
    code = photodna_code(f"{name}:{value}")
    return f"{PHOTODNA}:{code.hex()}" if code else text


def scheme_of(value: str) -> str:
    """What the selectors of perceptual hashes are called on a page: «PDQ», «PhotoDNA», …"""
    name = value.partition(":")[0]
    return "PhotoDNA" if kind_of(name) == PHOTODNA else name.upper()
