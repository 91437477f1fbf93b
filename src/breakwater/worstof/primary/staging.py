"""Which names stand before the live check, and up to which publication it found them harmless."""

from collections.abc import Iterator, Sequence

from breakwater.storage.whole_file import write_whole
from breakwater.worstof.actions.publishing import Unsure
from breakwater.worstof.models import Publication, Recipient
from breakwater.worstof.primary import live_check
from breakwater.worstof.primary.configuration import STAGE, Place, zone_path
from breakwater.worstof.primary.live_check import Stage
from breakwater.worstof.primary.server import Bind, ZoneRefused
from breakwater.worstof.queries import zone


class Staging:
    """The check's own copy of the zone. Whoever published, all of it is tried before it goes out."""

    def __init__(self, place: Place, bind: Bind) -> None:
        self.place, self.bind, self.stage = place, bind, Stage(place)
        self.staged = -1  # serial whose names stand before the check
        self.checked = -1  # serial whose names it found harmless
        self._tried: set[str] = set()  # names that it was given to try since

    def prepare(self) -> None:
        """Write the copy anew before BIND starts: nothing of it is worth a journal."""
        publication = zone.last()
        path = zone_path(self.place, STAGE)
        path.with_name(path.name + ".jnl").unlink(missing_ok=True)
        write_whole(path, self._lines(publication, live_check.new_mark()))
        self.staged = publication.serial if publication else 0
        self._tried.clear()

    def check(self, adds: Sequence[str]) -> str:
        """Try these names beside all that are published; as `Stage.check`.

        Raises:
            Unsure: the stage or the resolver behind it does not answer as it should.
        """
        publication = zone.last()
        if publication and self.staged != publication.serial:
            self._put_whole(publication)
        self._tried.update(adds)
        return self.stage.check(adds)

    def look(self, publication: Publication) -> str:
        """Try all that is published; as `Stage.look`.

        Raises:
            Unsure: as above.
        """
        if self.staged != publication.serial:
            self._put_whole(publication)
        problem = self.stage.look()
        if not problem:
            self.checked = publication.serial
        return problem

    def follow(self, made: Publication) -> None:
        """Have the copy hold what was published after a check, without writing it anew.

        It counts as checked if all before it was; else it has to be looked at.
        """
        before = zone.before(made)
        if self.staged != (before.serial if before else 0):
            return
        names = self._tried.union(zone.changed_since(made.serial - 1))
        try:
            self.stage.take_out(sorted(names - zone.kept(sorted(names)).keys()))
        except Unsure:
            return
        self._tried.clear()
        if self.checked == self.staged:
            self.checked = made.serial
        self.staged = made.serial

    def _put_whole(self, publication: Publication) -> None:
        mark = live_check.new_mark()
        self.staged = -1
        try:
            self.bind.replace_zone(STAGE, self._lines(publication, mark))
        except ZoneRefused as problem:
            raise Unsure("The live check takes no names. Nothing is published.") from problem
        self.stage.wait_for(mark)
        self.staged = publication.serial
        self._tried.clear()

    def _lines(self, publication: Publication | None, mark: str) -> Iterator[str]:
        names = zone.names_for(Recipient()).values_list("name", flat=True).iterator()
        serial = publication.serial if publication else 0
        return live_check.lines(self.place.zone, serial, names, mark)
