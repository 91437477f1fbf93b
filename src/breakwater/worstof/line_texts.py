"""Why a line of somebody's list was left out, as a sentence."""

from django.utils.translation import gettext_lazy as lazy

from breakwater.worstof.entry_texts import BAD_NAMES, GUARDS, Words, word

RULES: Words = {
    "exception_rule": lazy("The rule says what is not to be blocked."),
    "regex_rule": lazy("A pattern: resolvers know names only."),
    "cosmetic_rule": lazy("The rule hides parts of pages."),
    "conditions_rule": lazy("The rule holds under conditions that a resolver cannot see."),
    "path_rule": lazy("The rule means some pages only, not the whole domain."),
    "part_rule": lazy("The rule means names that end so, also those of others."),
    "long_line": lazy("The line is too long to be a name."),
}
_REASONS: Words = {
    **BAD_NAMES,
    **GUARDS,
    **RULES,
    "listed": lazy("The list has it, or a name above it."),
}


def reason_line(problem: str) -> str:
    """The sentence for a problem of a name or a rule, or for a guard."""
    return word(_REASONS, problem).removesuffix(".")
