"""Two thousand names that would hurt others, at every door of the list; a thousand good ones pass.

The set is made here, the same each time: a replay of Denmark 2012, suffixes, hosts of many, CDNs,
homographs, slips, and what is no name at all.
"""

import io
import random
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from benchmarks import listed
from breakwater.formats.block_list import compile_lines
from breakwater.formats.domain_name import BadName, read_name
from breakwater.people.models import User
from breakwater.worstof import signing
from breakwater.worstof.actions import brake, sealing
from breakwater.worstof.actions.lists import international
from breakwater.worstof.actions.publishing import publish_waiting
from breakwater.worstof.models import HeldChange, ZoneChange, ZoneName
from breakwater.worstof.queries import known_names
from breakwater.worstof.rules.guards import refusals

pytestmark = pytest.mark.django_db
TOP = [f"search-{n}.example" for n in range(4_000)]
NEVER = ["police.example", "www.court.test", "bücher.example"]
WORDS = ("harbour", "lantern", "meadow", "quiet", "river", "stone", "velvet", "winter")
# Letters of other scripts that look like Latin ones, beside Latin letters.
LOOKALIKES = str.maketrans("aeopcyx", "аеорсух")


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (sealing, known_names):
        monkeypatch.setattr(module, "folder", lambda: tmp_path)
    monkeypatch.setattr(signing, "key_path", lambda: tmp_path / "signing.key")
    (tmp_path / "top-sites.txt").write_text("".join(f"{n},{x}\n" for n, x in enumerate(TOP, 1)))
    (tmp_path / "never-block.txt").write_text("\n".join(NEVER), "utf-8")


def must_refuse() -> dict[str, list[str]]:
    """By kind of harm; each as somebody would write it into a feed."""
    chance = random.Random(2012)  # noqa: S311 – the same set each time
    known = known_names.known()
    named = sorted(name for name in known.named if "." in name)
    suffixes = sorted(rule for rule in known.suffixes.rules if "." in rule)
    return {
        "denmark": TOP[:600] + [f"www.{name}" for name in TOP[600:700]],
        "suffix": chance.sample(suffixes, 500),
        "above a suffix": sorted(known.suffixes.above)[:100],
        "shared, cdn, infrastructure": named + [f"www.{name}" for name in named],
        "below one of many": [f"u{n}.{x}" for n in range(5) for x in ("tumblr.com", "fbcdn.net",
                              "bit.ly", "mega.nz", "root-servers.net", "in-addr.arpa")],
        "below a top site": [f"mail.{name}" for name in TOP[700:800]],
        "never": [spelled for name in NEVER
                  for spelled in (name, f"www.{name}", f"x.{name}", name.upper(), f"{name}.")],
        "above never": ["court.test"],
        "slip": [f"www{chance.choice(WORDS)}-{n}.example" for n in range(60)]
        + [f"{letter}.example" for letter in "abcdefghij"],
        "homograph": [_lookalike(chance, n) for n in range(200)],
        "a top site in other letters": [_wide(name) for name in TOP[800:900]],
        "syntax": [_broken(chance, n) for n in range(400)],
    }  # fmt: skip


def _lookalike(chance: random.Random, number: int) -> str:
    word = chance.choice(WORDS)
    place = next(i for i, c in enumerate(word) if c != c.translate(LOOKALIKES))
    return f"{word[:place]}{word[place].translate(LOOKALIKES)}{word[place + 1 :]}{number}.example"


def _wide(name: str) -> str:
    """Full-width letters and an ideographic full stop, which browsers read as the plain ones."""
    return "".join("\u3002" if c == "." else chr(ord(c) + 0xFEE0) for c in name)


def _broken(chance: random.Random, number: int) -> str:
    word = f"{chance.choice(WORDS)}{number}"
    return (
        f"192.0.2.{number % 256}", f"2001:db8::{number:x}", f"0x{number:x}.1", f"{number + 2**24}",
        word, f"-{word}.example", f"{word}-.example", f"{word}..example", f"{word * 12}.example",
        f"{word}.onion", f"{word}.localhost", f"{word}.1mp4", f"xn--{word}\u00e4.example",
        f"a.{word}_.-.example", f"{word} .example", f"{word}.exam$ple", f"ftp://{word}.example",
        f"{word}@mail.example", f"{'a.' * 120}{word}.example", f"192.0.2.{number % 256}/24",
    )[number % 20]  # fmt: skip


def good() -> list[str]:
    forms = ("bad-{}.example", "www.bad-{}.example", "bad-{}.co.uk", "m.bad-{}.test",
             "u{}.github.io", "größe-{}.example", "дом-{}.example", "x.bad-{}.invalid")  # fmt: skip
    return [form.format(number) for number in range(160) for form in forms]


def test_the_set_is_as_large_as_it_claims() -> None:
    every = [name for names in must_refuse().values() for name in names]
    assert len(set(every)) >= 2_000
    assert len(set(good())) >= 1_000


def test_the_compiler_leaves_every_name_out_and_every_good_one_in() -> None:
    guards = refusals(known_names.known())
    passed = {
        kind: compile_lines(io.BytesIO("\n".join(names).encode()), guards).names
        for kind, names in must_refuse().items()
    }
    assert {kind: names for kind, names in passed.items() if names} == {}
    found = compile_lines(io.BytesIO("\n".join(good()).encode()), guards)
    assert (len(found.names), found.problems) == (len(good()), {})


def test_the_last_defence_refuses_every_name_even_of_rows_that_came_past_the_pages(
    at: datetime,
) -> None:
    """As given and, where there is one, in the normal form."""
    given = {name[:253] for names in must_refuse().values() for name in names}
    given |= {name for text in given for name in _normal(text)}
    ZoneChange.objects.bulk_create(
        ZoneChange(name=name, adds=True, decided_at=at) for name in sorted(given)
    )
    assert publish_waiting(at) is None
    assert list(ZoneChange.objects.filter(refused="").values_list("name", flat=True)) == []
    assert not ZoneName.objects.exists()
    reasons = Counter(ZoneChange.objects.values_list("refused", flat=True))
    assert {"never-block", "guard:top_site", "guard:public_suffix", "guard:mixed_scripts",
            "form:ip_address", "form:single_label"} <= reasons.keys()  # fmt: skip


def test_good_names_are_stopped_by_the_brake_alone(
    at: datetime, officer: User, supervisor: User
) -> None:
    names = {read_name(text).name for text in good()}
    listed.decide(international(), sorted(names), at=at)
    assert publish_waiting(at) is None
    held = HeldChange.objects.get()
    for by in (officer, supervisor):
        brake.release(held, by=by, reason="looked through", at=at)
    assert publish_waiting(at) is not None
    assert set(ZoneName.objects.values_list("name", flat=True)) == names


def _normal(text: str) -> list[str]:
    try:
        return [read_name(text).name]
    except BadName:
        return []
