"""Draws a figure as dots over a plain coast line, sized by count.

Whole countries are never coloured: a raw count says nothing of an area.
"""

from breakwater.figures.figure import Figure


def draw(figure: Figure) -> str:
    return ""
