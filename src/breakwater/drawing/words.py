"""Numbers and lines in the reader's language, and where the numbers of a figure come from."""

from collections.abc import Sequence

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from breakwater.drawing.figure import Origin


def origin(which: Origin, is_demo: bool) -> str:
    """Where the numbers of a figure come from; every figure says it."""
    if which == "published":
        return _("Published by NCMEC")
    own = (
        _("This desk's own counts, synthetic in the demo")
        if is_demo
        else _("This desk's own counts")
    )
    if which == "own":
        return own
    return _("Published by NCMEC, beside: %(own)s") % {"own": own}


def number(value: float) -> str:
    return number_format(value, use_l10n=True, force_grouping=True)


def percent(part: float | None, signed: bool = False) -> str:
    """A share or a change in per cent."""
    if part is None:
        return "–"
    digits = 0 if abs(part) >= 0.1 else 1 if abs(part) >= 0.01 else 2
    # number_format cuts off instead of rounding.
    text = number_format(round(abs(part) * 100, digits), digits, force_grouping=True)
    sign = ("+" if part > 0 else "−" if part < 0 else "") if signed else ""
    return f"{sign}{text} %"


def in_one_line(sentences: Sequence[str]) -> str:
    """Several short sentences as one, of which only the first begins with a capital.

    A word such as "IP" or "CSAM" keeps its capitals.
    """
    return "; ".join([*sentences[:1], *map(_inside, sentences[1:])])


def _inside(sentence: str) -> str:
    is_plain = sentence[1:2].islower() or sentence[1:2].isspace()
    return sentence[:1].lower() + sentence[1:] if is_plain else sentence
