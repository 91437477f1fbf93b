"""The parts that every page is made of, as template tags (see docs/look.md)."""

from django import template

register = template.Library()
