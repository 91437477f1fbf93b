"""What BIND's logs say of recipients: which serial each one took, and whose requests are refused."""

import re
from datetime import datetime
from pathlib import Path

from breakwater.worstof.models import Recipient

_SENT = re.compile(
    r"^(\S+).*view ([^ :]+): transfer of .*(?:AXFR|IXFR) ended: .*\(serial (\d+)\)", re.MULTILINE
)
_REFUSED = re.compile(
    r"^(\S+) client .*: request has invalid signature: TSIG (\S+): .*\((BADSIG|BADTIME)\)$",
    re.MULTILINE,
)
_WHY = {"BADSIG": Recipient.Refusal.SECRET, "BADTIME": Recipient.Refusal.CLOCK}


class _News:
    """A log that is read on from where it was read to; BIND begins it anew when it is long."""

    def __init__(self, path: Path, read_to: int = 0) -> None:
        self.path, self.read_to = path, read_to

    def read(self) -> str:
        if not self.path.exists():
            return ""
        if self.path.stat().st_size < self.read_to:
            self.read_to = 0
        with self.path.open(encoding="utf-8", errors="replace") as file:
            file.seek(self.read_to)
            text = file.read()
            self.read_to = file.tell()
        return text


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
        sent = _SENT.findall(self.transfers.read())
        last = {view.strip('"'): (when, int(serial)) for when, view, serial in sent}
        for key_name, (when, serial) in last.items():
            seen: dict[str, object] = {
                "seen_serial": serial,
                "transferred_at": datetime.fromisoformat(when),
            }
            if when > refused.get(key_name, ("",))[0]:
                seen |= {"refusal": "", "refused_at": None}
            Recipient.objects.filter(key_name=key_name).update(**seen)
