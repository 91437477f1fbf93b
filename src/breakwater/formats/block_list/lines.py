"""One line of somebody's list, in whichever of the usual forms, as the names that it asks to block.

Read are plain names, hosts lines, ad-block rules that mean a whole domain, and addresses of pages.
An ad-block rule that means less than a domain, or the contrary of blocking, is refused rather than
widened: a resolver knows names only. Rule syntax: https://adguard-dns.io/kb/general/dns-filtering-syntax/
"""

import ipaddress
import re
from enum import StrEnum

from breakwater.formats.domain_name import DomainName, read_name
from breakwater.formats.record import FormatError


class RuleProblem(StrEnum):
    """Why a rule cannot be said to a resolver. Beside the problems of a name; none is changed."""

    EXCEPTION = "exception_rule"
    REGEX = "regex_rule"
    COSMETIC = "cosmetic_rule"
    CONDITIONS = "conditions_rule"
    PATH = "path_rule"
    PART = "part_rule"
    LONG_LINE = "long_line"


class BadRule(FormatError):
    """The line asks for something that no resolver can do; `problem` says what."""

    def __init__(self, problem: RuleProblem) -> None:
        super().__init__("", problem.value)
        self.problem = problem


# The lines that every system's own hosts file begins with.
_OWN_HOSTS = frozenset(
    ("localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost",
     "ip6-loopback", "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters",
     "ip6-allhosts")
)  # fmt: skip
_COSMETIC = re.compile(r"#[@?$%]*#")
_REMARK = re.compile(r"(?:^|\s)#.*")
_URL = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_HARMLESS = frozenset(("", "important", "all"))


def read_line(line: str) -> list[DomainName]:
    """Give the names of one line; none for a comment.

    Raises:
        BadRule: a rule that no resolver can follow.
        BadName: what should be a name is none.
    """
    line = line.strip()
    if not line or line.startswith(("!", ";")) or (line.startswith("[Ad") and line.endswith("]")):
        return []
    if "#" in line:
        line = _REMARK.sub("", line).strip()
    if _URL.match(line):
        return [read_name(line)]
    if "#" in line and _COSMETIC.search(line):
        raise BadRule(RuleProblem.COSMETIC)
    if line.startswith(("@@", "|")) or "^" in line or _is_regex(line):
        return [_rule(line)]
    first, *others = line.split() or [""]
    if others and _is_address(first):
        return [read_name(x) for x in others if x.lower() not in _OWN_HOSTS]
    return [read_name(line)] if line else []


def _is_regex(line: str) -> bool:
    return len(line) > 2 and line.startswith("/")


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word.partition("%")[0])
    except ValueError:
        return False
    return True


def _rule(line: str) -> DomainName:
    if line.startswith("@@"):
        raise BadRule(RuleProblem.EXCEPTION)
    if _is_regex(line):
        raise BadRule(RuleProblem.REGEX)
    pattern, _, conditions = line.partition("$")
    if any(x not in _HARMLESS for x in conditions.split(",")):
        raise BadRule(RuleProblem.CONDITIONS)
    anchored = pattern.startswith("|")
    pattern = pattern.lstrip("|").removesuffix("|")
    name, _, after = pattern.removesuffix("^").partition("://")
    name = after if name.lower() in ("http", "https") else pattern.removesuffix("^")
    if "/" in name or "?" in name:
        raise BadRule(RuleProblem.PATH)
    # `x.example^` without an anchor means every name that ends so: also `not-x.example`.
    if not anchored or "^" in name:
        raise BadRule(RuleProblem.PART)
    return read_name(name)
