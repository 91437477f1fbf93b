"""Every role at every page: who gets in, who is refused, and who has to sign in first.

The table below says it once more, on purpose not from `people.rules`. A page that is not
in it fails the first test, so nobody adds a page without saying whose it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from breakwater.formats import filing
from breakwater.people.models import AgencyKind, Role
from breakwater.people.rules import ACTIONS, may
from breakwater.reports.actions.accept import Document, accept_originals
from breakwater.reports.actions.unpack import unpack_waiting
from breakwater.reports.models import Bundle, Delivery, Share

ROLES = tuple(Role.values)
EVERYBODY = frozenset({*ROLES, "anonymous"})
SIGNED_IN = frozenset(ROLES)
DESK = frozenset({"officer", "supervisor"})
SUPERVISOR = frozenset({"supervisor"})
READERS = DESK | {"reader"}
FIGURES = DESK | {"analyst", "administrator"}
API = DESK | {"reader", "analyst"}
LISTS = DESK | {"administrator"}
WORK = frozenset({"supervisor", "administrator"})
JUDGES = DESK | {"assessor"}
AUDITOR = frozenset({"auditor"})
ADMINISTRATOR = frozenset({"administrator"})


@dataclass(frozen=True)
class Page:
    """Who gets in, and the answer that those get who do."""

    who: frozenset[str]
    code: int = 200
    args: dict[str, object] = field(default_factory=dict)
    method: str = "get"
    exceptions: dict[str, int] = field(default_factory=dict)

    def answer_for(self, role: str) -> int:
        if role in self.exceptions:
            return self.exceptions[role]
        if role in self.who:
            return self.code
        return 302 if role == "anonymous" else 403


NOBODY_THERE = {"pk": 999_999}
UNSHARED = {"reader": 404}
THIS_BUNDLE: dict[str, object] = {"pk": "bundle"}
THIS_REPORT: dict[str, object] = {"number": "P-1"}
THIS_DELIVERY: dict[str, object] = {"pk": "delivery"}


def posted(who: frozenset[str], code: int, args: dict[str, object] | None = None) -> Page:
    return Page(who, code, args or {}, "post")


PAGES = {
    # site
    "home": Page(SIGNED_IN, 302),
    "help": Page(EVERYBODY),
    "language": posted(EVERYBODY, 302),
    # people
    "sign-in": Page(EVERYBODY, 302, exceptions={"anonymous": 200}),
    "sign-out": posted(EVERYBODY, 302),
    "me": Page(SIGNED_IN),
    "password": Page(SIGNED_IN),
    "key-make": posted(API, 200),
    "key-revoke": posted(SIGNED_IN, 404, NOBODY_THERE),
    "people": Page(ADMINISTRATOR),
    "person": Page(ADMINISTRATOR, 404, NOBODY_THERE),
    "person-add": posted(ADMINISTRATOR, 200),
    "agency-add": posted(ADMINISTRATOR, 200),
    "person-active": posted(ADMINISTRATOR, 404, NOBODY_THERE),
    "person-password": posted(ADMINISTRATOR, 404, NOBODY_THERE),
    # the log
    "log": Page(AUDITOR),
    "log-export": Page(AUDITOR),
    "log-verify": posted(AUDITOR, 302),
    # reports
    "queue": Page(READERS),
    "queue-preview": posted(DESK, 400),
    "queue-decide": posted(DESK, 302, {"verb": "assigned"}),
    "queue-merge": posted(SUPERVISOR, 302),
    "queue-undo": posted(DESK, 302),
    "bundle": Page(READERS, 200, THIS_BUNDLE, exceptions=UNSHARED),
    "bundle-split": posted(SUPERVISOR, 302, THIS_BUNDLE),
    "bundle-take-apart": posted(SUPERVISOR, 404, THIS_BUNDLE | {"change": 999_999}),
    "report": Page(READERS, 200, THIS_REPORT, exceptions=UNSHARED),
    "report-original": Page(READERS, 200, THIS_REPORT, exceptions=UNSHARED),
    "import": Page(DESK),
    "delivery": Page(DESK, 200, THIS_DELIVERY),
    "delivery-progress": Page(DESK, 200, THIS_DELIVERY),
    "delivery-csv": Page(DESK, 200, THIS_DELIVERY),
    "accounts": Page(ADMINISTRATOR),
    "account-active": posted(ADMINISTRATOR, 404, NOBODY_THERE),
    "work": Page(WORK),
    "work-retry": posted(WORK, 302),
    "work-job-retry": posted(WORK, 302, {"name": "none"}),
    # hash lists
    "hash-lists": Page(LISTS),
    "hash-list-new": Page(SUPERVISOR),
    "hash-list": Page(LISTS, 404, NOBODY_THERE),
    "hash-list-progress": Page(LISTS, 404, NOBODY_THERE),
    "hash-list-terms": Page(SUPERVISOR, 404, NOBODY_THERE),
    "hash-list-retired": posted(SUPERVISOR, 404, NOBODY_THERE),
    "hash-list-import": Page(SUPERVISOR, 404, NOBODY_THERE),
    "hash-list-change": Page(LISTS, 404, NOBODY_THERE),
    "hash-list-columns": Page(SUPERVISOR, 404, NOBODY_THERE),
    "hash-list-discard": posted(SUPERVISOR, 404, NOBODY_THERE),
    "hash-list-faults": Page(LISTS, 404, NOBODY_THERE),
    "hash-lookup": Page(DESK),
    "hash-lookup-csv": posted(DESK, 400),
    "hash-entry": Page(DESK, 404, NOBODY_THERE),
    # appeals are everybody's
    "appeal": Page(EVERYBODY),
    "appeal-status": posted(EVERYBODY, 400),
    "stop": Page(EVERYBODY),
    # the transparency log, which is everybody's
    "transparency": Page(EVERYBODY),
    "transparency-report": Page(EVERYBODY),
    "transparency-report-csv": Page(EVERYBODY),
    "transparency-report-json": Page(EVERYBODY),
    "transparency-key": Page(EVERYBODY),
    "transparency-head": Page(EVERYBODY, 404),
    "transparency-heads": Page(EVERYBODY),
    "transparency-leaves": Page(EVERYBODY),
    "transparency-consistency": Page(EVERYBODY, 400),
    "transparency-proof": Page(EVERYBODY, 400),
    # the Worst Of list
    "worst-of": Page(JUDGES),
    "worst-of-find": posted(JUDGES, 200),
    "worst-of-csv": Page(DESK),
    "worst-of-numbers-csv": Page(FIGURES),
    "worst-of-nominate": Page(JUDGES),
    "worst-of-import": Page(JUDGES),
    "worst-of-import-template": Page(JUDGES),
    "worst-of-file": Page(JUDGES, 404, NOBODY_THERE),
    "worst-of-file-confirm": posted(JUDGES, 404, NOBODY_THERE),
    "worst-of-file-discard": posted(JUDGES, 404, NOBODY_THERE),
    "worst-of-entry": Page(JUDGES, 404, NOBODY_THERE),
    "worst-of-assess": posted(JUDGES, 404, NOBODY_THERE),
    "worst-of-sign": posted(DESK, 404, NOBODY_THERE),
    "worst-of-discuss": posted(JUDGES, 404, NOBODY_THERE),
    "worst-of-settle": posted(DESK, 404, NOBODY_THERE),
    "worst-of-remove": posted(DESK, 404, NOBODY_THERE),
    "worst-of-restore": posted(DESK, 404, NOBODY_THERE),
    "worst-of-queue": posted(DESK, 404, NOBODY_THERE),
    "worst-of-withdraw": posted(JUDGES, 404, NOBODY_THERE),
    "worst-of-lists": Page(JUDGES),
    "worst-of-list-new": Page(SUPERVISOR),
    "worst-of-list": Page(SUPERVISOR, 404, NOBODY_THERE),
    "worst-of-list-decide": posted(JUDGES, 404, NOBODY_THERE),
    "worst-of-appeals": Page(JUDGES),
    "worst-of-appeal": Page(JUDGES, 404, NOBODY_THERE),
    "worst-of-appeal-decide": posted(DESK, 404, NOBODY_THERE),
    # changes of the Worst Of list that the brake stopped
    "worst-of-held": Page(DESK),
    "worst-of-held-decide": posted(DESK, 404, NOBODY_THERE),
    "worst-of-apart-queue": posted(DESK, 302),
    "worst-of-apart-take-off": posted(DESK, 302),
    # who gets the Worst Of list
    "worst-of-recipients": Page(SUPERVISOR),
    "worst-of-recipient-new": Page(SUPERVISOR),
    "worst-of-trace": Page(SUPERVISOR),
    "worst-of-recipient": Page(SUPERVISOR, 404, NOBODY_THERE),
    "worst-of-recipient-grant": posted(SUPERVISOR, 404, NOBODY_THERE),
    "worst-of-recipient-addresses": posted(SUPERVISOR, 404, NOBODY_THERE),
    "worst-of-recipient-secrets": posted(SUPERVISOR, 404, NOBODY_THERE),
    "worst-of-recipient-closed": posted(SUPERVISOR, 404, NOBODY_THERE),
    # how blocking goes, without a name of the list
    "worst-of-overview": Page(FIGURES),
    # figures
    "figures": Page(FIGURES),
    "figures-countries": Page(FIGURES),
    "figures-country": Page(FIGURES, 200, {"iso2": "JM"}),
    "figures-region": Page(FIGURES, 200, {"slug": "caribbean"}),
    "figures-compare": Page(FIGURES),
    "figures-providers": Page(FIGURES),
    "figures-types": Page(FIGURES),
    "figures-people": Page(FIGURES),
    "figures-quality": Page(FIGURES),
}
# The door asks for a provider's key and knows no roles: tests/reports/test_provider_door.py.
# The API asks for a person's key: tests of its own.
ELSEWHERE = ("door-", "api-")

XML = (
    "<report><incidentSummary><incidentType>Online Enticement of Children for Sexual Acts"
    "</incidentType><incidentDateTime>2026-10-12T14:02:00Z</incidentDateTime></incidentSummary>"
    "<reporter><reportingPerson><email>desk@chat.example</email></reportingPerson></reporter>"
    "<personOrUserReported><espIdentifier>42</espIdentifier></personOrUserReported></report>"
)


def names(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from names(pattern, address)
        elif isinstance(pattern, URLPattern):
            yield pattern.name or "", address


KNOWN = dict(names(get_resolver()))


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Nobody types a password here, and the slow hash for six people is most of the time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def report(db, at):
    delivery = Delivery.objects.create(
        door="police", name="test", sent_by="test", received_at=at, state="received"
    )
    package = filing.pack([filing.Part("report", XML.encode())])
    document = Document("P-1.filing", "filing", package, "P-1", "Example Chat")
    accept_originals([document], delivery=delivery, at=at)
    unpack_waiting(at=at)


@pytest.fixture
def cast(officer, supervisor, assessor, reader, analyst, auditor, administrator, client_for):
    people = (officer, supervisor, assessor, reader, analyst, auditor, administrator)
    clients = {person.role: client_for(person) for person in people}
    assert set(clients) == set(ROLES)
    return clients | {"anonymous": Client()}


def address(name, page):
    here = {"bundle": Bundle.objects.get().pk, "delivery": Delivery.objects.get().pk}
    args = {key: here.get(value, value) for key, value in page.args.items()}
    return reverse(name, kwargs=args)


def test_every_page_says_whose_it_is():
    missing = {
        name or address
        for name, address in names(get_resolver())
        if name not in PAGES and not name.startswith(ELSEWHERE) and not address.startswith("api/")
    }
    assert not missing, "add these to the table in tests/test_roles.py"


@pytest.mark.parametrize("name", sorted(set(PAGES) & set(KNOWN)))
def test_each_role_gets_what_the_table_says(name, cast, report):
    page = PAGES[name]
    url = address(name, page)
    answers = {role: getattr(client, page.method)(url) for role, client in cast.items()}
    codes = {role: answer.status_code for role, answer in answers.items()}
    assert codes == {role: page.answer_for(role) for role in cast}
    if "anonymous" not in page.who:
        assert answers["anonymous"].url.startswith(reverse("sign-in"))


@pytest.mark.parametrize(
    "name", sorted(n for n in PAGES if n in KNOWN and PAGES[n].method == "post")
)
def test_what_changes_something_is_never_a_mere_link(name, cast, report):
    url = address(name, PAGES[name])
    assert {client.get(url).status_code for client in cast.values()} == {405}


def test_a_reader_sees_a_bundle_only_after_it_was_shared(cast, report, reader, supervisor, at):
    urls = [address(n, PAGES[n]) for n in ("bundle", "report", "report-original")]
    assert [cast["reader"].get(url).status_code for url in urls] == [404, 404, 404]
    Share.objects.create(bundle=Bundle.objects.get(), agency=reader.agency, by=supervisor, at=at)
    assert [cast["reader"].get(url).status_code for url in urls] == [200, 200, 200]


@pytest.mark.parametrize("action", ACTIONS)
def test_no_role_gains_a_right_from_an_agency_it_does_not_fit(action):
    outside = {"officer": "ngo", "supervisor": "prosecutor", "reader": "provider"}
    outside |= {"auditor": "provider", "administrator": "ngo"}
    assert not any(may(role, kind, action) for role, kind in outside.items())


@pytest.mark.parametrize("kind", AgencyKind.values)
def test_an_action_that_nobody_listed_is_refused_to_everybody(kind):
    assert not any(may(role, kind, "bundle.delete") for role in ROLES)


@pytest.mark.parametrize("kind", [k for k in AgencyKind.values if k != "police"])
def test_outside_of_the_police_nobody_sees_the_queue_or_hands_files_in(kind):
    for action in ("queue.see", "bundle.work", "bundle.supervise", "import.files"):
        assert not any(may(role, kind, action) for role in ROLES)


def test_a_provider_does_not_see_how_well_the_others_block():
    assert not any(may(role, "provider", "worstof.overview") for role in ROLES)
    assert may("analyst", "regulator", "worstof.overview")


@pytest.mark.parametrize("role", ["officer", "supervisor", "administrator", "auditor", "reader"])
def test_another_countrys_agency_judges_domains_and_does_nothing_else(role):
    kind = "ministry" if role in ("administrator", "auditor") else "police"
    opened = {action for action in ACTIONS if may(role, kind, action, is_guest=True)}
    assert opened <= {"worstof.see", "worstof.nominate", "worstof.assess"}


def test_another_countrys_supervisor_sees_no_queue_and_changes_no_recipient(
    client, assessor, settings
):
    assessor.role = "supervisor"
    assessor.save()
    client.force_login(assessor)
    names = ("queue", "worst-of-recipients", "worst-of-held")
    pages = [reverse(name) for name in names]
    assert [client.get(page).status_code for page in pages] == [403] * 3
    settings.DESK_COUNTRY = assessor.agency.country
    assert [client.get(page).status_code for page in pages] == [200] * 3
