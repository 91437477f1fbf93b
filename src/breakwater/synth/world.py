"""Invents what happened: one case a report, drawn from the published weights.

The same seed gives the same cases. How a case is written down is not decided here but in
`ispws_xml` and `le_json`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from breakwater.synth.cast import Account, Cast, Child, Offender
from breakwater.synth.file_pool import FilePool, Item
from breakwater.synth.tables import Country, Provider, mix, providers, shares, types

KNOWN_OFFENDERS = 20_000
DAY = 86_400
HARM = ("enticement", "molestation", "trafficking", "travel", "obscene_to_child")
EVENTS = ("Login", "Login", "Upload", "Registration", "Other")
ESCALATIONS = (
    "A child may be in danger now: the account holder writes of a meeting this week.",
    "Threats against a child who does not want to send more images.",
    "The account holder seems to live with the child.",
)


@dataclass(slots=True)
class Capture:
    """One event with an address; `at` are seconds since 1970."""

    ip: str
    event: str
    at: int | None
    port: int | None
    proxy: bool


@dataclass(slots=True)
class Upload:
    """A file in one report: the item, and what this provider says of it."""

    item: Item
    name: str
    file_id: str
    at: int
    viewed: bool | None
    supplemental: bool
    capture: Capture | None


@dataclass(slots=True)
class Reported:
    """Somebody in a case, as far as this provider knows them."""

    offender: Offender
    account: Account
    captures: list[Capture] = field(default_factory=list)
    names_known: bool = False
    located: bool = False
    prior: tuple[str, ...] = ()


@dataclass(slots=True)
class Case:
    """One report before it is written down. `index` makes its number, `at` its receipt."""

    index: int
    number: int
    is_police_side: bool
    at: int
    happened: int
    kind: str
    provider: Provider
    country: Country | None
    reported: list[Reported] = field(default_factory=list)
    recipients: list[Account] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)
    annotations: tuple[str, ...] = ()
    escalation: str = ""
    priority: str = "E"
    is_informational: bool = False
    is_batch: bool = False
    zone_less: bool = False
    stands_alone: bool = False  # nobody and no file in it was seen before


class World:
    """Everybody and everything that one stream knows of."""

    def __init__(
        self, *, seed: int, home: str, formats: tuple[str, ...], urgent: int | None = None
    ) -> None:
        self._rng = Random(seed)  # noqa: S311 - repeatable, not secret
        self._cast = Cast(self._rng)
        self._files = FilePool(self._rng)
        self._mix = mix(home)
        self._formats = formats
        self._urgent = urgent  # the place of a case that is urgent for certain and stands alone
        self._offenders: list[Offender] = []
        self._others: list[Account] = []
        self._share = shares()
        # Numbers of nine and the seed: no clearing house and no desk gives such ones.
        self._base = (9000 + seed % 1000) * 10_000_000

    def cases(self, count: int, start: datetime, end: datetime) -> Iterator[Case]:
        """Give cases in the order of their receipt, spread evenly from start to end."""
        first, span = start.timestamp(), end.timestamp() - start.timestamp()
        for index in range(count):
            at = int(first + span * (index + self._rng.random()) / count)
            yield self._case(index, at)

    def _case(self, index: int, at: int) -> Case:
        rng, share = self._rng, self._share
        draw = rng.random
        lag = min(int(rng.expovariate(1 / DAY)) + 300, 20 * DAY)
        provider = providers().draw(rng)
        case = Case(
            index=index,
            number=self._base + index,
            is_police_side=self._is_police_side(),
            at=at,
            happened=at - lag,
            kind=types().draw(rng),
            provider=provider,
            country=None if draw() < share["no_country"] else self._mix.draw(rng),
            stands_alone=index == self._urgent,
        )
        if draw() < share["viral_batch"] and not case.stands_alone:
            return self._batch(case)
        case.zone_less = draw() < share["zone_less"]
        case.is_informational = draw() < share["informational"]
        case.priority = "2" if draw() < 0.06 else "3" if draw() < 0.01 else "E"
        if draw() < share["urgent"] or case.stands_alone:
            case.priority, case.is_informational = "1", False
            case.escalation = ESCALATIONS[int(draw() * len(ESCALATIONS))]
        self._people(case)
        self._annotate(case)
        self._uploads(case)
        return case

    def _is_police_side(self) -> bool:
        chance = self._rng.random() < self._share["police_side"]
        return "le_json" in self._formats and (chance or "filing" not in self._formats)

    def _people(self, case: Case) -> None:
        draw = self._rng.random
        offender, account = self._offender(case)
        case.provider = account.provider
        reported = Reported(offender, account, prior=tuple(offender.prior))
        if case.is_police_side and len(offender.prior) < 8:
            offender.prior.append(str(case.number))
        reported.names_known = draw() < 0.35
        reported.located = case.country is not None and draw() < 0.3
        if case.country is not None and draw() >= self._share["without_capture"]:
            count = 1 + int(draw() * 4)
            reported.captures = [self._capture(offender, case.happened) for _ in range(count)]
        case.reported.append(reported)
        harms = case.kind in HARM
        if draw() < (0.7 if harms else 0.08):
            case.children.append(self._child(case))
        if draw() < (0.1 if harms else 0.15) and not case.stands_alone:
            case.recipients.append(self._other(case.provider))

    def _offender(self, case: Case) -> tuple[Offender, Account]:
        rng = self._rng
        comes_back = self._offenders and rng.random() < self._share["same_offender"]
        if comes_back and not case.stands_alone:
            # Recent ones come back more often than old ones.
            back = int(rng.expovariate(1 / 300)) % len(self._offenders) + 1
            offender = self._offenders[-back]
            if case.country is not None:
                case.country = offender.country
            account = offender.accounts[int(rng.random() * len(offender.accounts))]
            return offender, account
        country = case.country or self._mix.draw(rng)
        offender = self._cast.offender(country, case.provider)
        self._offenders.append(offender)
        if len(self._offenders) > 2 * KNOWN_OFFENDERS:
            del self._offenders[:KNOWN_OFFENDERS]
        return offender, offender.accounts[0]

    def _child(self, case: Case) -> Child:
        child = self._cast.child(case.reported[0].offender.country, case.provider)
        child.has_address = child.has_address and case.country is not None
        return child

    def _other(self, provider: Provider) -> Account:
        """Give the account of somebody who is sent files: sometimes one known before."""
        rng = self._rng
        if self._others and rng.random() < 0.25:
            found = self._others[int(rng.random() * len(self._others))]
            if found.provider is provider:
                return found
        account = self._cast.account(provider, "friend")
        self._others.append(account)
        if len(self._others) > KNOWN_OFFENDERS:
            del self._others[: KNOWN_OFFENDERS // 2]
        return account

    def _capture(self, offender: Offender, before: int) -> Capture:
        draw, share = self._rng.random, self._share
        ip, _ = offender.addresses[int(draw() * len(offender.addresses))]
        return Capture(
            ip=ip,
            event=EVENTS[int(draw() * len(EVENTS))],
            at=None if draw() < share["without_time"] else before - int(draw() * 5 * DAY),
            port=None if draw() < share["without_port"] else 1024 + int(draw() * 64_000),
            proxy=draw() < share["proxy"],
        )

    def _annotate(self, case: Case) -> None:
        draw = self._rng.random
        found = []
        if case.kind == "enticement" and draw() < 0.35:
            found.append("sextortion")
        if draw() < (0.2 if case.kind == "enticement" else 0.01):
            found.append("csamSolicitation")
        if draw() < 0.012:
            found.append("minorToMinorInteraction")
        if draw() < 0.002:
            found.append("sadisticOnlineExploitation")
        case.annotations = tuple(found)

    def _uploads(self, case: Case) -> None:
        offender = case.reported[0].offender
        before = offender.files[:]
        here: set[str] = set()
        for place in range(self._file_count()):
            item = self._files.new() if case.stands_alone else self._files.draw(before, here)
            here.add(item.md5)
            if len(offender.files) < 40:
                offender.files.append(item)
            case.uploads.append(self._upload(case, item, place))

    def _file_count(self) -> int:
        """Most reports have one file, few have very many; 2.9 on average."""
        rng = self._rng
        kind = rng.random()
        if kind < 0.06:
            return 0
        if kind < 0.55:
            return 1
        return min(2 + int(rng.expovariate(1 / 3.87)), 60)

    def _upload(self, case: Case, item: Item, place: int) -> Upload:
        rng = self._rng
        draw = rng.random
        captures = case.reported[0].captures
        return Upload(
            item=item,
            name=f"IMG_{item.size % 10_000:04d}_{place}.{item.suffix}",
            file_id=f"{rng.getrandbits(128):032x}",
            at=case.happened - int(draw() * 3600),
            viewed=self._viewed(),
            supplemental=place > 0 and draw() < 0.03,
            capture=captures[0] if captures and draw() < 0.2 else None,
        )

    def _viewed(self) -> bool | None:
        """Say whether somebody at the provider looked at the file; None: it does not say."""
        kind = self._rng.random()
        if kind < self._share["viewed"]:
            return True
        return False if kind < self._share["viewed"] + self._share["not_viewed"] else None

    def _batch(self, case: Case) -> Case:
        """Make a batched report: many accounts, one file that everybody has seen."""
        rng = self._rng
        case.is_batch, case.kind = True, "csam"
        for _ in range(rng.randrange(5, 60)):
            country = case.country or self._mix.draw(rng)
            somebody = self._cast.bystander(country, case.provider)
            case.reported.append(Reported(somebody, somebody.accounts[0]))
            if rng.random() < 0.3:
                case.country = self._mix.draw(rng)
        case.uploads = [self._upload(case, self._files.viral(), 0)]
        return case
