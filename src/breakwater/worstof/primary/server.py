"""The BIND process itself: started, watched, told to read its files again, and stopped."""

import logging
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from breakwater.worstof import tsig
from breakwater.worstof.primary import configuration
from breakwater.worstof.primary.configuration import Place, View
from breakwater.worstof.primary.zone_file import write_whole

log = logging.getLogger(__name__)


class NoBind(Exception):
    """BIND 9.18 or newer is not installed, or did not start; its log says why."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str) -> str:
    """Find a program of BIND also where a user's PATH does not look."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which(name, path=path)
    if found is None:
        raise NoBind(f"{name} is not installed (Debian: apt install bind9 bind9-utils)")
    return found


class Bind:
    """One named that runs as the desk's user, with a configuration that the desk writes."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.process: subprocess.Popen[bytes] | None = None

    def configure(self, views: list[View]) -> None:
        self.place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(self._file("named.conf"), [configuration.written(self.place, views)])
        self._file("named.conf").chmod(0o600)
        secret = tsig.clause("rndc", tsig.secret_of("rndc"))
        write_whole(self._file("rndc.key"), [secret])
        self._file("rndc.key").chmod(0o600)

    def start(self) -> None:
        """Start it and wait until it answers commands.

        Raises:
            NoBind: it is not installed, or stopped at once.
        """
        command = [program("named"), "-f", "-n", "1", "-c", str(self._file("named.conf"))]
        with self._file("start.log").open("wb") as output:
            self.process = subprocess.Popen(  # noqa: S603 – our own words
                [*command, "-D", "breakwater"], stdout=output, stderr=output
            )
        for _ in range(1200):
            if not self.is_alive():
                break
            if self.rndc("status"):
                return
            time.sleep(0.05)
        self.stop()
        raise NoBind(f"named did not start; see {self.place.folder}/named.log and start.log")

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        if self.process and self.is_alive():
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def rndc(self, *words: str) -> bool:
        command = [program("rndc"), "-s", "127.0.0.1", "-p", str(self.place.control_port)]
        key = ["-k", str(self._file("rndc.key"))]
        words = (*command, *key, *words)
        return subprocess.run(words, capture_output=True, check=False).returncode == 0  # noqa: S603 – our own words

    def replace_zone(self, key_name: str, pieces: Iterable[str]) -> None:
        """Put a whole new file under a view; what changed goes out as a difference."""
        where = (self.place.zone, "IN", key_name)
        path = configuration.zone_path(self.place, key_name)
        frozen = self.rndc("freeze", *where)
        try:
            write_whole(path, pieces)
            if not frozen:
                Path(f"{path}.jnl").unlink(missing_ok=True)
        finally:
            self.rndc("thaw" if frozen else "reload", *where)

    def _file(self, name: str) -> Path:
        return self.place.folder / name
