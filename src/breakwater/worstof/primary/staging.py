"""Which names stand before the live check, and up to which publication it found them harmless."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

from breakwater.formats.block_list.nesting import topmost
from breakwater.storage.whole_file import write_whole
from breakwater.worstof.actions.publishing import Unsure
from breakwater.worstof.models import Publication, Recipient
from breakwater.worstof.primary import live_check
from breakwater.worstof.primary.configuration import STAGE, TRIED, Place, tried_path, zone_path
from breakwater.worstof.primary.live_check import Stage
from breakwater.worstof.primary.server import Bind, ZoneRefused
from breakwater.worstof.queries import between, zone
from breakwater.worstof.queries.between import Around

MOST_TRIED = 500  # names; more are moved to the copy of what is published


class Staging:
    """The check's own copy of the zone. Whoever published, all of it is tried before it goes out."""

    def __init__(self, place: Place, bind: Bind) -> None:
        self.place, self.bind, self.stage = place, bind, Stage(place)
        self.staged = -1  # serial whose names stand before the check; -1: nobody knows
        self.checked = -1  # serial whose names it found harmless
        self._tried: set[str] = set()  # published names that the copy has not
        self._standing: set[str] = set()  # what stands in the zone of what is tried
        self._gone: set[str] = set()  # names that left the list and still stand in the copy

    def prepare(self) -> None:
        """Write the copy anew before BIND starts: nothing of it is worth a journal."""
        publication = zone.last()
        mark = live_check.new_mark()
        self._write_new(zone_path(self.place, STAGE), self._lines(publication, mark))
        self._write_new(tried_path(self.place), live_check.lines(TRIED, 0, (), mark))
        self.staged = publication.serial if publication else 0
        self._forget()

    def _write_new(self, path: Path, lines: Iterator[str]) -> None:
        path.with_name(path.name + ".jnl").unlink(missing_ok=True)
        write_whole(path, lines)

    def check(self, adds: Sequence[str]) -> str:
        """Say which names no longer resolve with these names added; "" if all do.

        Raises:
            Unsure: the stage or the resolver behind it does not answer as it should.
        """
        self._catch_up(zone.last())
        problem = "not tried to the end"
        try:
            problem = self._look_with(self._tried.union(adds))
        finally:
            if problem:
                self._stand(self._tried)
        return problem

    def look(self, publication: Publication) -> str:
        """Try all that is published; as `Stage.look`.

        Raises:
            Unsure: as above.
        """
        self._catch_up(publication)
        problem = self._look_with(self._tried)
        if not problem:
            self.checked = publication.serial
        return problem

    def _catch_up(self, publication: Publication | None) -> None:
        if self.staged != (publication.serial if publication else 0):
            self._put_whole(publication)

    def _look_with(self, names: set[str]) -> str:
        """Look with these names beside the copy.

        BIND reads the copy through after each change of it, and takes no name to try until then.
        So names that left stay in it: they can only make the check too strict, and are taken out
        before it tells of a problem.
        """
        self._stand(names)
        self.stage.wait_for_mark(TRIED)
        problem = self.stage.look()
        if problem and self._gone:
            self._bring_copy(set())
            problem = self.stage.look()
        return problem

    def _stand(self, names: set[str]) -> None:
        """Have these names in the zone of what is tried, and no other ones.

        None stands there below another one: beside a.b.example, the wildcard of example matches
        nothing else below b.example (RFC 4592), and what example blocks would not be seen.
        """
        wanted = topmost(names)
        serial, self.staged = self.staged, -1  # until it is done
        self.stage.take_out(TRIED, sorted(self._standing - wanted))
        new = wanted - self._standing
        self._standing |= wanted
        self.stage.give(TRIED, sorted(new))
        self._standing, self.staged = wanted, serial

    def follow(self, made: Publication) -> None:
        """Take note of what was published after a check, without writing the copy anew.

        It counts as checked if all before it was; else it has to be looked at.
        """
        before = zone.before(made)
        if self.staged != (before.serial if before else 0):
            return
        changed = set(zone.changed_since(made.serial - 1))
        came = zone.kept(sorted(changed)).keys()
        self._gone = (self._gone | changed) - came
        self._tried = self._tried - changed | came
        if self.checked == self.staged:
            self.checked = made.serial
        self.staged = made.serial

    def settle(self) -> None:
        """Bring the copy to what is published, once the recipients have it and there is much."""
        if self.staged < 0 or max(len(self._gone), len(self._tried)) <= MOST_TRIED:
            return
        with suppress(Unsure):  # the next check writes the copy anew
            self._bring_copy(self._tried)
            self._tried.clear()
            self._stand(self._tried)

    def _bring_copy(self, came: set[str]) -> None:
        """Have these names in the copy, and those that left no more."""
        serial, self.staged = self.staged, -1  # until it is done
        around = Around(came | self._gone)
        listed, amid = around.after(is_international=False)
        self.stage.take_out(self.place.zone, sorted((self._gone | around.touched) - listed - amid))
        self.stage.give(self.place.zone, sorted(came | amid))
        self.stage.wait_for_mark(self.place.zone)
        self._gone.clear()
        self.staged = serial

    def _put_whole(self, publication: Publication | None) -> None:
        mark = live_check.new_mark()
        self.staged = -1
        try:
            self.bind.replace_zone(STAGE, self._lines(publication, mark))
        except ZoneRefused as problem:
            raise Unsure("The live check takes no names. Nothing is published.") from problem
        self.stage.wait_for(mark)
        self.stage.take_out(TRIED, sorted(self._standing))
        self.stage.wait_for_mark(TRIED)
        self.staged = publication.serial if publication else 0
        self._forget()

    def _forget(self) -> None:
        self._tried.clear()
        self._standing.clear()
        self._gone.clear()

    def _lines(self, publication: Publication | None, mark: str) -> Iterator[str]:
        names = zone.names_for(Recipient()).values_list("name", flat=True).iterator()
        serial = publication.serial if publication else 0
        amid = sorted(between.of_all(is_international=False))
        return live_check.lines(self.place.zone, serial, chain(names, amid), mark)
