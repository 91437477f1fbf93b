"""Reads the perceptual hashes that reports name as selectors («pdq:» and the value)."""

PREFIX = "pdq:"
DIGITS = 64
# Half of a PDQ value's bits are set by construction; a nearly flat picture has few, and is near to
# every other one like it.
FEWEST_BITS, MOST_BITS = 96, 160


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


def tells_pictures_apart(code: bytes) -> bool:
    return FEWEST_BITS <= int.from_bytes(code).bit_count() <= MOST_BITS
