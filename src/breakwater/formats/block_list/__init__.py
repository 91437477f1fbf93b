"""Block lists: dirty lines of any of the usual kinds in, sorted names out, and every form of them.

`compile_lines` reads plain names, hosts files, ad-block rules and addresses; `FORMS` writes RPZ,
hosts, Unbound, dnsmasq, Squid, CSV, STIX 2.1 and MISP. All of it streams.
"""

from breakwater.formats.block_list.compiling import (
    Compiled,
    Fault,
    compile_lines,
    compile_sources,
)
from breakwater.formats.block_list.forms import FORMS, Form
from breakwater.formats.block_list.header import Header
from breakwater.formats.block_list.lines import BadRule, RuleProblem, read_line
from breakwater.formats.block_list.refusals import Refusals

__all__ = [
    "FORMS",
    "BadRule",
    "Compiled",
    "Fault",
    "Form",
    "Header",
    "Refusals",
    "RuleProblem",
    "compile_lines",
    "compile_sources",
    "read_line",
]
