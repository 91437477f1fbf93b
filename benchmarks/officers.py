"""Two authorities of two countries, in a process of their own, who verify and remove domains.

The process keeps the guards read, as a web server does, so that a decision costs what it costs
there: locks, assessments, steps, both logs, and the row for the publisher.
"""

import subprocess
import sys
from collections.abc import Iterable
from datetime import timedelta

from benchmarks.resolvers import Desk

DONE = "done\n"


class Officers:
    """`names` are nominated and verified by the first authority when it is made."""

    def __init__(self, desk: Desk, names: Iterable[str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.officers", *names],
            env=desk.environment | {"DJANGO_SETTINGS_MODULE": "breakwater.site.settings"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._wait()

    def verify(self, name: str) -> None:
        """The second verification; returns once it is committed."""
        self._do("verify", name)

    def remove(self, name: str) -> None:
        self._do("remove", name)

    def stop(self) -> None:
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait(30)

    def _do(self, verb: str, name: str) -> None:
        if self.process.stdin:
            self.process.stdin.write(f"{verb} {name}\n")
            self.process.stdin.flush()
        self._wait()

    def _wait(self) -> None:
        if self.process.stdout is None or self.process.stdout.readline() != DONE:
            raise RuntimeError("a decision failed; its traceback is above")


def decide(names: Iterable[str]) -> None:
    """Inside the process: a line in for each decision, a line out when it is committed."""
    import django

    django.setup()
    from django.utils import timezone

    from breakwater.people.models import Agency, User
    from breakwater.worstof.actions.life import Judgement, Sighting, assess, nominate, remove
    from breakwater.worstof.actions.lists import international

    def officer(name: str, country: str) -> User:
        agency = Agency.objects.create(
            name=f"Police of {country}", kind="police", country=country, is_synthetic=True
        )
        return User.objects.create_user(name, role="assessor", agency=agency)

    here, abroad = officer("officer", "JM"), officer("abroad", "CW")
    seen = timezone.now() - timedelta(days=1)
    yes = Judgement("yes", "yes", "yes", "yes", seen, "high")
    sighting = Sighting("JM-2026-17", "Synthetic: what a bench would have seen", seen)
    entries = {}
    for name in names:
        entry = nominate(international(), name, sighting, by=here, at=timezone.now())
        assess(entry, yes, by=here, at=timezone.now())
        entries[name] = entry
    print(DONE, end="", flush=True)
    for line in sys.stdin:
        verb, name = line.split()
        if verb == "verify":
            assess(entries[name], yes, by=abroad, at=timezone.now())
        else:
            remove(entries[name], by=here, reason="The material is gone", at=timezone.now())
        print(DONE, end="", flush=True)


if __name__ == "__main__":
    decide(sys.argv[1:])
