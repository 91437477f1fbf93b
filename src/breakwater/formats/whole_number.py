"""Reads a whole number that somebody typed, in an address, a form or a header."""

# What a database keeps in a whole number of 64 bits.
MOST = 2**63 - 1


def whole_number(text: str) -> int | None:
    """The number that a text of ASCII digits is; None for any other, and for more than `MOST`.

    `str.isdigit` alone says yes to "²" and to thousands of digits, and `int` raises on both.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        return None
    number = int(text)
    return number if number <= MOST else None
