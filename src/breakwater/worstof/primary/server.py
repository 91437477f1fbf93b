"""The BIND process itself: started, watched, told to read its files again, and stopped."""

import logging
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from breakwater.storage.whole_file import write_whole
from breakwater.worstof import tsig
from breakwater.worstof.primary import configuration, zone_file
from breakwater.worstof.primary.configuration import Place, View

log = logging.getLogger(__name__)
PATIENCE = 5.0  # seconds until a BIND that shall end is killed; its journals outlive that
KEEPING = 60.0  # seconds in which BIND writes a frozen zone of any length into its file


class NoBind(Exception):
    """BIND 9.18 or newer is not installed, or did not start; its log says why."""


class BadConfiguration(Exception):
    """BIND does not take this configuration; the one before stays."""


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


class ZoneRefused(Exception):
    """BIND did not take a whole zone; what it served before stays."""


class StillReads(ZoneRefused):
    """BIND reads a zone's file and takes no other one meanwhile."""


class Bind:
    """One named that runs as the desk's user, with a configuration that the desk writes."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.process: subprocess.Popen[bytes] | None = None

    def configure(self, views: list[View]) -> None:
        """Write what BIND reads at its next start, once `named-checkconf` has accepted it.

        Raises:
            BadConfiguration: it did not; what was there stays.
            NoBind: BIND's programs are not installed.
        """
        self.place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        secret = tsig.clause("rndc", tsig.own_secret("rndc"))
        write_whole(self._file("rndc.key"), [secret], mode=0o600)
        draft = self._file("named.conf.next")
        write_whole(draft, [configuration.written(self.place, views)], mode=0o600)
        try:
            words = (program("named-checkconf"), str(draft))
            done = subprocess.run(words, capture_output=True, check=False)  # noqa: S603 – our own words
            if done.returncode:
                told = (done.stdout + done.stderr).decode("utf-8", "replace")
                raise BadConfiguration(f"named-checkconf: {told.strip()}")
            draft.replace(self._file("named.conf"))
        finally:
            draft.unlink(missing_ok=True)

    def reconfigure(self, views: list[View]) -> None:
        """Have the running BIND take another configuration.

        Raises:
            BadConfiguration: it goes on with the one before, whose file is put back.
            NoBind: BIND's programs are not installed.
        """
        path = self._file("named.conf")
        before = path.read_text("ascii")
        self.configure(views)
        if not self.rndc("reconfig"):
            write_whole(path, [before], mode=0o600)
            raise BadConfiguration("rndc reconfig failed; see named.log")

    def start(self) -> None:
        """Start it, alone, and wait until it answers commands.

        Raises:
            NoBind: it is not installed, stopped at once, or cannot be reached.
        """
        self.end_others()
        logged = self._logged()
        command = [program("named"), "-f", "-n", "1", "-c", str(self._file("named.conf"))]
        with self._file("start.log").open("wb") as output:
            self.process = subprocess.Popen(  # noqa: S603 – our own words
                [*command, "-D", "breakwater"], stdout=output, stderr=output, cwd=self.place.folder
            )
        for _ in range(1200):
            if not self.is_alive():
                break
            if self.rndc("status"):
                self._need_door()
                return
            time.sleep(0.05)
        self.stop()
        raise NoBind(f"named did not start; {self._where_to_look(logged)}")

    def _need_door(self) -> None:
        """Whether somebody can connect: named goes on without an address that it cannot have.

        Raises:
            NoBind: nobody can.
        """
        try:
            socket.create_connection((self.place.near, self.place.port), PATIENCE).close()
        except OSError as problem:
            self.stop()
            raise NoBind(
                f"named does not listen on {self.place.address} port {self.place.port}: "
                f"{problem.strerror or problem}. Is it an address of this machine, and the port free?"
            ) from problem

    def _logged(self) -> int:
        path = self._file("named.log")
        return path.stat().st_mtime_ns if path.exists() else 0

    def _where_to_look(self, logged: int) -> str:
        """`logged` is when named had last written to its log before it was started."""
        folder = self.place.folder
        if self._logged() != logged:
            return f"see {folder}/named.log"
        return (
            f"it wrote nothing to {folder}/named.log. On Debian and Ubuntu AppArmor lets named read "
            "no folder but its own, whoever starts it: docs/worst-of-list.md, “At the desk”, has the "
            f"lines for /etc/apparmor.d/local/usr.sbin.named. Else see {folder}/start.log and the "
            "system's log"
        )

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        if self.process and self.is_alive():
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def end_others(self) -> None:
        """End every BIND on this folder: a desk that was killed left it, and it has our port.

        Raises:
            NoBind: it does not end.
        """
        for how in (signal.SIGTERM, signal.SIGKILL):
            until = time.monotonic() + PATIENCE
            for pid in self.running():
                log.warning("ending BIND %d, which an earlier desk left", pid)
                with suppress(ProcessLookupError):
                    os.kill(pid, how)
            while self.running() and time.monotonic() < until:
                time.sleep(0.02)
        if self.running():
            raise NoBind(f"the BIND that an earlier desk left on {self.place.folder} does not end")

    def running(self) -> list[int]:
        """Every BIND on this folder, whoever started it."""
        return [int(p.name) for p in Path("/proc").glob("[0-9]*") if self._is_ours(p)]

    def _is_ours(self, process: Path) -> bool:
        """Whether this is a BIND of our user that reads our configuration, in our folder."""
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if Path(os.fsdecode(words[0])).name != "named" or process.stat().st_uid != os.getuid():
                return False
            if os.fsencode(self._file("named.conf")) not in words:
                return False
            # In a container another desk's folder may have the same name.
            return (process / "cwd").samefile(self.place.folder)
        except PermissionError:
            return True  # only the folder could not be read
        except OSError:
            return False  # it ended meanwhile

    def rndc(self, *words: str) -> bool:
        return self._ask(*words).returncode == 0

    def _ask(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        command = [program("rndc"), "-s", "127.0.0.1", "-p", str(self.place.control_port)]
        key = ["-k", str(self._file("rndc.key"))]
        words = (*command, *key, *words)
        return subprocess.run(words, capture_output=True, check=False)  # noqa: S603 – our own words

    def replace_zone(self, key_name: str, pieces: Iterable[str]) -> None:
        """Put a whole new file under a view; what changed goes out as a difference.

        Raises:
            StillReads: BIND has not read the file before; nothing was changed.
            ZoneRefused: BIND does not answer, or refuses the file.
        """
        where = (self.place.zone, "IN", key_name)
        path = configuration.zone_path(self.place, key_name)
        frozen = self.rndc("freeze", *where)
        # A zone that was never loaded cannot be frozen. Under a BIND that only hangs, nothing may
        # be written: its journal would no longer belong to the file. And one that is still being
        # read is not read again, though BIND says that it took the file.
        if not frozen and not self.rndc("status"):
            raise ZoneRefused("BIND does not answer")
        if not frozen and self._status(where):
            # If it does not read, it was left frozen. While it reads, this asks for what it does then.
            self.rndc("thaw", *where)
            raise StillReads(f"BIND still reads the zone of {key_name}")
        try:
            if frozen:
                self._wait_until_kept(path, where)
            write_whole(path, pieces)
            if not frozen:
                Path(f"{path}.jnl").unlink(missing_ok=True)
        finally:
            is_taken = self.rndc("thaw" if frozen else "reload", *where)
        if not is_taken:
            raise ZoneRefused(f"BIND does not take the zone of {key_name}; see named.log")

    def _wait_until_kept(self, path: Path, where: tuple[str, str, str]) -> None:
        """Wait until BIND has written what a frozen zone holds into its file.

        `rndc freeze` only asks for it. A file that was put there before is overwritten with the zone
        that it should replace, and BIND reads that one again.

        Raises:
            ZoneRefused: it does not in time.
        """
        serial = self._status(where).get("serial", "")
        until = time.monotonic() + KEEPING
        while serial and time.monotonic() < until:
            if zone_file.serial_of(path) == int(serial):
                return
            time.sleep(0.02)
        raise ZoneRefused(f"BIND does not write the zone of {where[2]} into its file")

    def reads(self, key_name: str) -> bool:
        """Whether BIND reads the file of a view, or has none of it yet."""
        status = self._status((self.place.zone, "IN", key_name))
        return not status or status.get("frozen") == "yes"

    def _status(self, where: tuple[str, str, str]) -> dict[str, str]:
        """What BIND says of a zone that it has: `serial`, `frozen` and more; nothing of another."""
        said = self._ask("zonestatus", *where)
        lines = said.stdout.decode("utf-8", "replace").splitlines() if not said.returncode else []
        return {key: value for key, _, value in (line.partition(": ") for line in lines)}

    def _file(self, name: str) -> Path:
        return self.place.folder / name
