"""A domain name as people paste it, brought into the one spelling that resolvers compare.

The rule is: what a browser would open under this text must end as the same name, and what no
resolver can block must be refused. So names outside ASCII are mapped by UTS 46 as browsers do
(https://www.unicode.org/reports/tr46/, non-transitional, also symbols that RFC 5892 would not
register), and addresses in the odd spellings that the URL standard reads (https://url.spec.whatwg.org/)
are recognised as addresses. An underscore is allowed below the last label: no registry sells it,
but hosts give it to their customers, and a list that cannot hold such a name cannot block it.
"""

import ipaddress
import re
import sys
import unicodedata
from enum import StrEnum
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote

from idna import IDNAError, check_bidi, check_initial_combiner, uts46_remap, valid_contextj

from breakwater.formats import _core
from breakwater.formats.record import FormatError

LONGEST_LABEL = 63
ZONE_ROOM = 50
"""Longest name of a policy zone, so that every listed name fits below every such zone."""
LONGEST = 250 - ZONE_ROOM
"""Longest name that is taken: `*.name.zone.` has at most 255 octets on the wire (RFC 1035 2.3.4)."""
# Answered by other means than the DNS: RFC 6761, 6762, 7686, 9476; internal: ICANN, July 2024.
NOT_IN_DNS = frozenset(("alt", "internal", "local", "localhost", "onion"))

_URL = re.compile(r"h(?:tt|xx)ps?:[/\\]*|[/\\]{2,}", re.ASCII | re.IGNORECASE)
_BARE = re.compile(r"[\w-][\w.-]{0,500}")
_AFTER_HOST = re.compile(r"[/\\?#]")
_PORT = re.compile(r"[0-9]{0,5}", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
_ODD_ASCII = re.compile(r"[\x00-,./:-^`{-\x7f]")
_TOP_LEVEL = re.compile(r"[a-z]{2,63}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LONGEST_HOST = 1000
# Directions that never make a label one of RFC 5893. Joiners have the direction BN.
_NO_RIGHT_TO_LEFT = frozenset(("L", "EN", "ES", "ET", "CS", "ON", "NSM"))


class Problem(StrEnum):
    """Why a text is no name for the list. The words are kept in files and logs: none is changed."""

    EMPTY = "empty"
    SCHEME = "scheme"
    EMAIL = "email"
    IP_ADDRESS = "ip_address"
    CHARACTERS = "characters"
    WILDCARD = "wildcard"
    EMPTY_LABEL = "empty_label"
    HYPHEN = "hyphen"
    LABEL_LENGTH = "label_length"
    NAME_LENGTH = "name_length"
    PUNYCODE = "punycode"
    SINGLE_LABEL = "single_label"
    TOP_LEVEL = "top_level"
    NOT_IN_DNS = "not_in_dns"


class BadName(FormatError):
    """The text is no name that could be listed; `problem` says why.

    The message leaves the text out, since messages end in server logs.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__("", problem.value)
        self.problem = problem


class DomainName(NamedTuple):
    """`name` in lower case and A-labels without a dot at the end, `shown` as people read it."""

    name: str
    shown: str


def read_name(text: str) -> DomainName:
    """Read one domain name, also out of an http or https address, `*.name` or `hxxp://a[.]b`.

    Raises:
        BadName: the text is no name that a resolver could block.
    """
    labels = [_label(label) for label in _labels(_mapped(_host(text.strip())))]
    name = ".".join([a_label for a_label, _ in labels])
    _check_end(name)
    if len(name) > LONGEST:
        raise BadName(Problem.NAME_LENGTH)
    if "xn--" not in name:
        return DomainName(name, name)
    return DomainName(name, ".".join([u_label for _, u_label in labels]))


def _host(text: str) -> str:
    """What stands where a browser would look for the host, without port, user and wildcard."""
    if _BARE.fullmatch(text):
        return text
    url = _URL.match(text)
    if not url and "://" in text:
        raise BadName(Problem.SCHEME)
    host = _AFTER_HOST.split(text[url.end() if url else 0 :], maxsplit=1)[0]
    if "@" in host and not url:
        raise BadName(Problem.EMAIL)
    host = host.rpartition("@")[2]
    if len(host) > _LONGEST_HOST:
        raise BadName(Problem.NAME_LENGTH)
    host = unquote(host) if url else host
    host = _without_port(host.replace("[.]", ".").replace("(.)", "."))
    host = host[2:] if host.startswith("*.") else host.removeprefix(".")
    if not host:
        raise BadName(Problem.EMPTY)
    return host


def _without_port(host: str) -> str:
    if host.startswith("[") or (host.count(":") > 1 and _is_ipv6(host)):
        raise BadName(Problem.IP_ADDRESS)
    name, _, port = host.partition(":")
    if not _PORT.fullmatch(port):
        raise BadName(Problem.CHARACTERS)
    return name


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host.partition("%")[0])
    except ValueError:
        return False
    return True


class _Mapping(dict[int, str]):
    """What UTS 46 makes of a character, looked up once for each."""

    def __missing__(self, code: int) -> str:
        self[code] = found = uts46_remap(chr(code), std3_rules=False)
        return found


_mapping = _Mapping()


def _mapped(host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return unicodedata.normalize("NFC", host.translate(_mapping))
    except IDNAError:
        raise BadName(Problem.CHARACTERS) from None


def _labels(host: str) -> list[str]:
    labels = host.removesuffix(".").split(".")
    if not all(labels):
        raise BadName(Problem.EMPTY_LABEL)
    if _NUMBER.fullmatch(labels[-1]):
        raise BadName(Problem.IP_ADDRESS if _is_ipv4(labels) else Problem.TOP_LEVEL)
    return labels


def _is_ipv4(parts: list[str]) -> bool:
    """Whether browsers read the parts as an address: decimal, octal, hexadecimal, 1 to 4 parts."""
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return False
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        return False
    return all(n < 256 for n in numbers[:-1]) and numbers[-1] < 256 ** (5 - len(parts))


def _number(part: str) -> int:
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8 if part.startswith("0") else 10)


def _label(label: str) -> tuple[str, str]:
    """The label as the DNS has it and as people read it."""
    if not label.isascii():
        _check_u_label(label)
        return _short_enough(_punycode(_short_enough(label))), label
    if not _LABEL.fullmatch(label):
        raise BadName(_what_is_wrong(label))
    _short_enough(label)
    return label, _u_label(label) if label.startswith("xn--") else label


def _short_enough(label: str) -> str:
    if len(label) > LONGEST_LABEL:
        raise BadName(Problem.LABEL_LENGTH)
    return label


def _what_is_wrong(label: str) -> Problem:
    if "*" in label:
        return Problem.WILDCARD
    at_edge = label.startswith("-") or label.endswith("-")
    return Problem.HYPHEN if at_edge else Problem.CHARACTERS


def _punycode(label: str) -> str:
    return "xn--" + _core.punycode(label)


def _check_u_label(label: str) -> None:
    """The validity criteria of UTS 46 section 4.1 that mapping alone does not ensure."""
    if label.startswith("-") or label.endswith("-") or label[2:4] == "--":
        raise BadName(Problem.HYPHEN)
    if _ODD_ASCII.search(label):
        raise BadName(Problem.CHARACTERS)
    if not all(map(_plain.__getitem__, label)):
        _check_context(label)


class _Plain(dict[str, bool]):
    """Whether a character may stand anywhere, whatever stands beside it, looked up once for each."""

    def __missing__(self, letter: str) -> bool:
        is_mark = unicodedata.category(letter)[0] == "M"
        found = unicodedata.bidirectional(letter) in _NO_RIGHT_TO_LEFT and not is_mark
        self[letter] = found
        return found


_plain = _Plain()


def sure_letter(letter: str) -> str:
    """The one letter outside ASCII that this one becomes, whatever it stands beside.

    "" if that depends on its neighbours, and for all that is no letter. A label of such letters, of
    ASCII letters, digits and single hyphens has no other fault than its length.
    """
    try:
        found = _mapping[ord(letter)]
    except IDNAError:
        return ""
    is_one = len(found) == 1 and not found.isascii()
    are_letters = (
        is_one and unicodedata.category(letter)[0] == unicodedata.category(found)[0] == "L"
    )
    return found if are_letters and _plain[found] and not _joins(found) else ""


def _joins(letter: str) -> bool:
    """Whether NFC may change the letter: alone, or after another one."""
    is_part = "\u1161" <= letter <= "\u1175" or "\u11a8" <= letter <= "\u11c2"  # of Hangul
    return is_part or letter in _seconds() or not unicodedata.is_normalized("NFC", letter)


@cache
def _seconds() -> frozenset[str]:
    """Whatever stands second where Unicode takes a letter apart: NFC puts no others together."""
    parts = map(unicodedata.decomposition, map(chr, range(sys.maxunicode + 1)))
    pairs = (codes.split() for codes in parts if codes and codes[0] != "<")
    return frozenset(chr(int(pair[1], 16)) for pair in pairs if len(pair) > 1)


def _check_context(label: str) -> None:
    try:
        check_initial_combiner(label)
        check_bidi(label)
        joiners_fit = all(
            valid_contextj(label, at) for at, c in enumerate(label) if c in "\u200c\u200d"
        )
    except ValueError:
        raise BadName(Problem.CHARACTERS) from None
    if not joiners_fit:
        raise BadName(Problem.CHARACTERS)


def _u_label(label: str) -> str:
    """Decode an A-label; it must come out again when it is encoded, as browsers ask."""
    try:
        found = label[4:].encode("ascii").decode("punycode")
        stable = not found.isascii() and found == _mapped(found)
    except (UnicodeError, BadName):
        raise BadName(Problem.PUNYCODE) from None
    if not stable or _punycode(found) != label:
        raise BadName(Problem.PUNYCODE)
    _check_u_label(found)
    return found


def _check_end(name: str) -> None:
    rest, _, last = name.rpartition(".")
    if not rest:
        raise BadName(Problem.SINGLE_LABEL)
    if last in NOT_IN_DNS:
        raise BadName(Problem.NOT_IN_DNS)
    # Top-level domains are letters or an A-label (RFC 1123 2.1, ICANN): `film.mp4` is a file.
    if not _TOP_LEVEL.fullmatch(last) and not last.startswith("xn--"):
        raise BadName(Problem.TOP_LEVEL)
