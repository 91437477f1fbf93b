"""The few SVG pieces that charts and maps share."""

import re
from xml.sax.saxutils import escape

# No warning colour among them: children are counted in these drawings.
COLOURS = ("#2c6e9e", "#8a3f8f", "#5b8c3a", "#3d8c8c", "#6b6257", "#b0527f")
# What XML 1.0 does not allow, whatever a provider calls itself.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(words: str) -> str:
    return escape(_FORBIDDEN.sub("�", words), {'"': "&quot;"})


def document(id: str, title: str, desc: str, width: int, height: int, body: str) -> str:
    """A whole drawing that also stands alone as a file."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" viewBox="0 0 {width} {height}" '
        f'role="img" aria-labelledby="{clean(id)}-title {clean(id)}-desc" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="currentColor">'
        f'<title id="{clean(id)}-title">{clean(title)}</title>'
        f'<desc id="{clean(id)}-desc">{clean(desc)}</desc>{body}</svg>'
    )


def text(x: float, y: float, words: str, anchor: str = "start", kind: str = "chart-text") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{clean(words)}</text>'
    )
