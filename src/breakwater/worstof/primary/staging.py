"""Which names stand before the live check, and up to which publication it found them harmless."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from breakwater.storage.whole_file import write_whole
from breakwater.worstof.actions.publishing import Unsure
from breakwater.worstof.models import Publication, Recipient
from breakwater.worstof.primary import live_check
from breakwater.worstof.primary.configuration import STAGE, TRIED, Place, tried_path, zone_path
from breakwater.worstof.primary.live_check import Stage
from breakwater.worstof.primary.server import Bind, ZoneRefused
from breakwater.worstof.queries import zone

MOST_TRIED = 500  # names; more are moved to the copy of what is published


class Staging:
    """The check's own copy of the zone. Whoever published, all of it is tried before it goes out."""

    def __init__(self, place: Place, bind: Bind) -> None:
        self.place, self.bind, self.stage = place, bind, Stage(place)
        self.staged = -1  # serial whose names stand before the check
        self.checked = -1  # serial whose names it found harmless
        self._tried: set[str] = set()  # names that stand in the zone of what is tried
        self._gone: set[str] = set()  # names that left the list and still stand in one of them

    def prepare(self) -> None:
        """Write the copy anew before BIND starts: nothing of it is worth a journal."""
        publication = zone.last()
        mark = live_check.new_mark()
        self._write_new(zone_path(self.place, STAGE), self._lines(publication, mark))
        self._write_new(tried_path(self.place), live_check.lines(TRIED, 0, (), mark))
        self.staged = publication.serial if publication else 0
        self._tried.clear()
        self._gone.clear()

    def _write_new(self, path: Path, lines: Iterator[str]) -> None:
        path.with_name(path.name + ".jnl").unlink(missing_ok=True)
        write_whole(path, lines)

    def check(self, adds: Sequence[str]) -> str:
        """Try these names beside all that are published; as `Stage.check`.

        Raises:
            Unsure: the stage or the resolver behind it does not answer as it should.
        """
        publication = zone.last()
        if publication and self.staged != publication.serial:
            self._put_whole(publication)
        # What is published stands there already, and stays when the others are taken out again.
        new = sorted(set(adds) - zone.kept(adds).keys())
        self._tried.update(new)
        problem = self.stage.check(new)
        if problem and (left := self._left_over(new)):
            self._take_out(left)
            problem = self.stage.check(new)
        return problem

    def look(self, publication: Publication) -> str:
        """Try all that is published; as `Stage.look`.

        Raises:
            Unsure: as above.
        """
        if self.staged != publication.serial:
            self._put_whole(publication)
        problem = self.stage.look()
        if problem and (left := self._left_over()):
            self._take_out(left)
            problem = self.stage.look()
        if not problem:
            self.checked = publication.serial
        return problem

    def follow(self, made: Publication) -> None:
        """Take note of what was published after a check, without writing the copy anew.

        It counts as checked if all before it was; else it has to be looked at.
        """
        before = zone.before(made)
        if self.staged != (before.serial if before else 0):
            return
        names = self._tried | self._gone | set(zone.changed_since(made.serial - 1))
        self._gone = names - zone.kept(sorted(names)).keys()
        if self.checked == self.staged:
            self.checked = made.serial
        self.staged = made.serial

    def settle(self) -> None:
        """Bring the zones behind the check to what is published, once the recipients have it.

        BIND reads the copy through after each change of it, and takes no name to try until then.
        So this waits until there is much to change. A name that left and still stands there blocks
        too much, never too little: before a problem is told, all of them are taken out.
        """
        try:
            if len(self._gone) > MOST_TRIED:
                self._take_out(self._gone)
            if len(self._tried) > MOST_TRIED:
                self._move()
        except Unsure:
            self.staged = -1  # the next check writes the copy anew

    def _left_over(self, adds: Sequence[str] = ()) -> set[str]:
        """Names that stand before the check, but for `adds`, and are not published: some left, some
        were tried and then held by the brake."""
        names = (self._gone | self._tried).difference(adds)
        return names - zone.kept(sorted(names)).keys()

    def _take_out(self, left: set[str]) -> None:
        names = sorted(left)
        self.stage.take_out(TRIED, names)
        self.stage.take_out(self.place.zone, names)
        self.stage.wait_for_mark(self.place.zone)
        self._tried.difference_update(names)
        self._gone.difference_update(names)

    def _move(self) -> None:
        names = sorted(self._tried)
        self.stage.give(self.place.zone, sorted(zone.kept(names)))
        self.stage.wait_for_mark(self.place.zone)
        self.stage.take_out(TRIED, names)
        self._tried.clear()

    def _put_whole(self, publication: Publication) -> None:
        mark = live_check.new_mark()
        self.staged = -1
        try:
            self.bind.replace_zone(STAGE, self._lines(publication, mark))
        except ZoneRefused as problem:
            raise Unsure("The live check takes no names. Nothing is published.") from problem
        self.stage.wait_for(mark)
        self.stage.take_out(TRIED, sorted(self._tried))
        self.stage.wait_for_mark(TRIED)
        self.staged = publication.serial
        self._tried.clear()
        self._gone.clear()

    def _lines(self, publication: Publication | None, mark: str) -> Iterator[str]:
        names = zone.names_for(Recipient()).values_list("name", flat=True).iterator()
        serial = publication.serial if publication else 0
        return live_check.lines(self.place.zone, serial, names, mark)
