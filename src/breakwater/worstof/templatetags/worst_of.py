"""What the pages of this room have in common: how much waits for the reader behind each of them."""

from django import template
from django.template.context import Context

from breakwater.people.access import signed_in, user_may
from breakwater.worstof.queries import waits

register = template.Library()


@register.simple_tag(takes_context=True)
def waiting(context: Context) -> dict[str, int]:
    """By page, how many appeals and held changes wait for this person."""
    user = signed_in(context["request"])
    if not user_may(user, "worstof.sign"):
        return {}
    return {"appeals": waits.appeals(user), "held": waits.held(user)}
