"""Tags and filters that every page may use: times said twice, ages, hashes, countries, icons."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import formats, timezone, translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from breakwater import countries

register = template.Library()
UTC = ZoneInfo("UTC")
# Day before month in words: nobody reads 3/4 as the wrong day.
MOMENT = "j M Y H:i"

ICONS = {
    "alert": "M12 9v4 M12 16v.01 M10.4 3.6 2.3 17.1a2 2 0 0 0 1.7 2.9h16a2 2 0 0 0 1.7-2.9L13.6 3.6"
    "a2 2 0 0 0-3.2 0z",
    "archive": "M3 4h18v4H3z M5 8v11a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1V8 M10 12h4",
    "arrow-left": "M5 12h14 M5 12l6 6 M5 12l6-6",
    "chart": "M4 20h16 M6 16v-5 M11 16V6 M16 16v-8",
    "copy": "M8 8h11v12H8z M5 16V4h11",
    "eye": "M2 12s4-7 10-7 10 7 10 7-4 7-10 7-10-7-10-7z M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
    "external": "M12 6H6v12h12v-6 M11 13l9-9 M15 4h5v5",
    "gear": "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z M12 3v3 M12 18v3 M3 12h3 M18 12h3 M5.6 5.6l2.1 2.1 "
    "M16.3 16.3l2.1 2.1 M5.6 18.4l2.1-2.1 M16.3 7.7l2.1-2.1",
    "hash": "M5 9h15 M4 15h15 M10 4 7 20 M17 4l-3 16",
    "help": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z M12 17v.01 M12 13.5a1.5 1.5 0 0 1 1-1.5 2.6 2.6 0 "
    "1 0-3-4",
    "inbox": "M4 4h16v16H4z M4 13h4l2 3h4l2-3h4",
    "link": "M9 15l6-6 M11 6l.5-.5a5 5 0 0 1 7 7L18 13 M13 18l-.6.5a5 5 0 0 1-7-7L6 11",
    "list": "M9 6h11 M9 12h11 M9 18h11 M5 6v.01 M5 12v.01 M5 18v.01",
    "lock": "M5 11h14v10H5z M8 11V7a4 4 0 0 1 8 0v4",
    "search": "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14z M21 21l-6-6",
    "shield": "M12 3l8 3v6a9 9 0 0 1-8 9 9 9 0 0 1-8-9V6z",
    "upload": "M4 17v3h16v-3 M7 9l5-5 5 5 M12 4v12",
    "user": "M12 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8z M6 21v-2a4 4 0 0 1 4-4h4a4 4 0 0 1 4 4v2",
    "users": "M9 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8z M3 21v-2a4 4 0 0 1 4-4h4a4 4 0 0 1 4 4v2 M16 3.1a4 4 "
    "0 0 1 0 7.8 M21 21v-2a4 4 0 0 0-3-3.9",
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """A small line drawing; it says nothing to a screen reader, the word beside it does."""
    lines = ICONS[name].removeprefix("M").split(" M")
    paths = format_html_join("", '<path d="M{}"/>', ((line,) for line in lines))
    return format_html(
        '<svg class="icon" width="20" height="20" viewBox="0 0 24 24" fill="none" '
        'stroke="currentColor" stroke-width="1.75" stroke-linecap="round" '
        'stroke-linejoin="round" aria-hidden="true">{}</svg>',
        paths,
    )


@register.filter
def local_time(value: datetime | None, form: str = MOMENT) -> SafeString:
    """A moment in the reader's zone with its name; UTC on hover and in print."""
    if value is None:
        return SafeString("–")
    here = timezone.localtime(value)
    return format_html(
        '<time datetime="{}" title="{} UTC">{} <span class="zone">{}</span></time>',
        value.astimezone(UTC).isoformat(timespec="seconds"),
        f"{value.astimezone(UTC):%Y-%m-%d %H:%M}",
        formats.date_format(here, form),
        here.tzname() or "",
    )


@register.filter
def utc_time(value: datetime | None) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if value else "–"


def in_words(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds() // 60))
    days, hours = minutes // 1440, minutes // 60 % 24
    if days >= 14:
        return _("%(days)s d") % {"days": days}
    if days:
        return _("%(days)s d %(hours)s h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)s h") % {"hours": hours}
    return _("%(minutes)s min") % {"minutes": minutes}


@register.filter
def age(value: datetime | None) -> SafeString:
    """How long ago, as "3 h" or "2 d 4 h"; the moment itself on hover."""
    if value is None:
        return SafeString("–")
    here = timezone.localtime(value)
    return format_html(
        '<time datetime="{}" title="{} {}">{}</time>',
        value.astimezone(UTC).isoformat(timespec="seconds"),
        formats.date_format(here, MOMENT),
        here.tzname() or "",
        in_words(timezone.now() - value),
    )


@register.filter
def short_hash(value: str) -> SafeString:
    """The first 8 signs, all of them on focus, and a button that copies it."""
    if not value:
        return SafeString("–")
    return format_html(
        '<span class="hash"><code tabindex="0" title="{v}" data-full="{v}">{s}</code>'
        '<button type="button" class="btn-copy" data-copy="{v}" aria-label="{label}">{icon}</button>'
        "</span>",
        v=value,
        s=value[:8],
        label=_("Copy %(value)s") % {"value": value[:8]},
        icon=icon("copy"),
    )


@register.filter
def country_name(code: str) -> str:
    if not code:
        return _("Country not known")
    return countries.name(code, (translation.get_language() or "en")[:2])


@register.filter
def number(value: float | None) -> str:
    """A number with the thousands of the reader's language."""
    if value is None:
        return "–"
    return str(formats.number_format(value, use_l10n=True, force_grouping=True))


@register.filter
def signed(value: int) -> str:
    """Points with their sign; a real minus is as wide as the plus above it."""
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{abs(value)}"


@register.inclusion_tag("site/empty_state.html")
def empty_state(title: str, text: str, url: str = "", link_text: str = "") -> dict[str, str]:
    return {"title": title, "text": text, "url": url, "link_text": link_text}


@register.simple_tag(takes_context=True)
def query_string(context: dict[str, Any], **changes: object) -> str:
    """The address's query with some values changed; None takes one away."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"
