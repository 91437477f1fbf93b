"""Letters outside ASCII written in ASCII (RFC 3492), since Python's own codec takes two to four times longer.

The text is seen as its reader rebuilds it: the ASCII letters stand there already, and every other
one is inserted in the order of code points. What is written for each is how many steps the reader
goes on, counting the places of the text once for every code point.
"""

_DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789"
_BASE, _T_MIN, _T_MAX, _SKEW, _DAMP = 36, 1, 26, 38, 700
_FIRST_BIAS, _FIRST_CODE = 72, 0x80


def encode(text: str) -> str:
    """The text in ASCII, without the `xn--` that stands before it in a domain name."""
    others = [(letter, at) for at, letter in enumerate(text) if letter > "\x7f"]
    waiting = [at for _, at in others]
    written = [letter for letter in text if letter <= "\x7f"]
    length = len(written)
    if written:
        written.append("-")
    code, place, bias = _FIRST_CODE, 0, _FIRST_BIAS
    for letter, at in sorted(others):
        before = waiting.index(at)
        del waiting[before]
        steps = (ord(letter) - code) * (length + 1) + at - before - place
        written.append(_number(steps, bias))
        bias = _adapted(steps, length + 1, first=len(waiting) + 1 == len(others))
        code, place, length = ord(letter), at - before + 1, length + 1
    return "".join(written)


def _number(value: int, bias: int) -> str:
    """Digits of growing weight, the lowest first; the last is the one below its threshold."""
    digits = ""
    weight = _BASE - bias
    while True:
        # Written out, since min() and max() would take half of all the time.
        threshold = _T_MIN if weight < _T_MIN else _T_MAX if weight > _T_MAX else weight
        if value < threshold:
            return digits + _DIGITS[value]
        value, digit = divmod(value - threshold, _BASE - threshold)
        digits += _DIGITS[threshold + digit]
        weight += _BASE


def _adapted(steps: int, length: int, *, first: bool) -> int:
    """How long the next number is expected to be (RFC 3492 6.1)."""
    steps //= _DAMP if first else 2
    steps += steps // length
    weight = 0
    while steps > (_BASE - _T_MIN) * _T_MAX // 2:
        steps //= _BASE - _T_MIN
        weight += _BASE
    return weight + (_BASE - _T_MIN + 1) * steps // (steps + _SKEW)
