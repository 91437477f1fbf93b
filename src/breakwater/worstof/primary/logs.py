"""What BIND's logs say of recipients: which serial each one took, and whose requests are refused."""

import re
from datetime import datetime
from pathlib import Path

from breakwater.worstof.actions.transfers import Taken, keep_transfers
from breakwater.worstof.models import Recipient

# Begun, and not ended: whoever breaks a transfer off before its last message has nearly all of it.
_BEGUN = re.compile(
    r"^(\S+) client \S+ (\S+)#\d+/key \S+ .*view ([^ :]+): transfer of '.*': "
    r"(AXFR|AXFR-style IXFR|IXFR) started: .*\(serial (?:\d+ -> )?(\d+)\)",
    re.MULTILINE,
)
_SENT = re.compile(
    r"^(\S+).*view ([^ :]+): transfer of .*(?:AXFR|IXFR) ended: .*\(serial (\d+)\)", re.MULTILINE
)
_REFUSED = re.compile(
    r"^(\S+) client .*: request has invalid signature: TSIG (\S+): .*\((BADSIG|BADTIME)\)$",
    re.MULTILINE,
)
_WHY = {"BADSIG": Recipient.Refusal.SECRET, "BADTIME": Recipient.Refusal.CLOCK}


class _News:
    """A log that is read on from where it was kept to; BIND begins it anew when it is long."""

    def __init__(self, path: Path, kept_to: int = 0) -> None:
        self.path, self.kept_to, self.read_to = path, kept_to, kept_to

    def read(self) -> str:
        """The whole lines since the last ones that were kept."""
        if not self.path.exists():
            return ""
        if self.path.stat().st_size < self.kept_to:
            self.kept_to = 0
        with self.path.open("rb") as file:
            file.seek(self.kept_to)
            found = file.read()
        whole = found[: found.rfind(b"\n") + 1]
        self.read_to = self.kept_to + len(whole)
        return whole.decode("utf-8", errors="replace")

    def keep(self) -> None:
        """What was read last is in the database now, and need not be read again."""
        self.kept_to = self.read_to


class Logs:
    """Keeps with each recipient what the logs of the primary say since they were read last."""

    def __init__(self, folder: Path) -> None:
        self.transfers = _News(folder / "transfers.log")
        # Who was refused before this start may have the right key since; if not, it is told again.
        mainly = folder / "named.log"
        self.mainly = _News(mainly, mainly.stat().st_size if mainly.exists() else 0)

    def read(self) -> None:
        """A transfer ends the refusals before it."""
        refused = {key: (when, why) for when, key, why in _REFUSED.findall(self.mainly.read())}
        for key_name, (when, why) in refused.items():
            told = {"refusal": _WHY[why], "refused_at": datetime.fromisoformat(when)}
            Recipient.objects.filter(key_name=key_name).update(**told)
        text = self.transfers.read()
        self._keep_begun(text, may_be_known=self.transfers.kept_to == 0)
        sent = _SENT.findall(text)
        last = {view.strip('"'): (when, int(serial)) for when, view, serial in sent}
        for key_name, (when, serial) in last.items():
            seen: dict[str, object] = {
                "seen_serial": serial,
                "transferred_at": datetime.fromisoformat(when),
            }
            if when > refused.get(key_name, ("",))[0]:
                seen |= {"refusal": "", "refused_at": None}
            Recipient.objects.filter(key_name=key_name).update(**seen)
        self.mainly.keep()
        self.transfers.keep()

    def _keep_begun(self, text: str, *, may_be_known: bool) -> None:
        """A log read from its start was read before, but for what was written since."""
        taken: dict[str, list[Taken]] = {}
        for when, address, view, kind, serial in _BEGUN.findall(text):
            one = Taken(datetime.fromisoformat(when), address, kind != "IXFR", int(serial))
            taken.setdefault(view.strip('"'), []).append(one)
        keep_transfers(taken, may_be_known=may_be_known)
