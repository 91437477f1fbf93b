"""A partner's file through the pages and on the command line, from the choice to the list."""

import os
import pwd
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.urls import reverse
from django.utils import timezone
from typer.testing import CliRunner

from breakwater.custody.models import AuditEntry
from breakwater.formats.assessment_table import MOST_BYTES, read_table
from breakwater.people.models import Agency, User
from breakwater.worstof.actions import importing, life
from breakwater.worstof.commands import app
from breakwater.worstof.models import Assessment, BlockList, Entry, PartnerFile, ZoneChange

pytestmark = pytest.mark.django_db

HEADER = (
    "domain,evidence,seen,seen_at,real,under_13,severe,online,seen_online_at,confidence,note,"
    "assessor"
)


def moment():
    return (timezone.now() - timedelta(days=2)).strftime("%Y-%m-%dT%H:%MZ")


def line(domain="bad.example", said="yes"):
    return f"{domain},E-1,Seen,{moment()},{said},yes,yes,yes,{moment()},high,,Ann Other"


def file_of(*lines, name="partner.csv"):
    made = BytesIO("\n".join((HEADER, *lines)).encode())
    made.name = name
    return made


@pytest.fixture
def partner(db):
    return Agency.objects.create(
        name="Police of Farland", kind="police", country="AW", is_synthetic=True
    )


@pytest.fixture
def send(world_list, partner, client_for, supervisor):
    def sent(file, by=supervisor, agency=partner, follow=True):
        facts = {"agency": agency.pk, "block_list": world_list.pk, "file": file}
        return client_for(by).post(reverse("worst-of-import"), facts, follow=follow)

    return sent


def text(answer):
    return answer.content.decode()


def test_a_nomination_here_and_a_partners_file_list_a_domain(
    world_list, officer, supervisor, send, client_for
):
    seen = timezone.now() - timedelta(days=1)
    entry = life.nominate(
        world_list, "bad.example", life.Sighting("T-1", "Seen", seen), by=officer, at=seen
    )
    yes = dict.fromkeys(("real", "under_13", "severe", "online"), "yes")
    own = life.Judgement(**yes, seen_online_at=seen, confidence="high")
    life.assess(entry, own, by=officer, at=timezone.now())
    shown = text(send(file_of(line(), line("two.example"), line("10.0.0.1"))))
    assert "2 lines would be taken in" in shown
    assert "1 line cannot be read" in shown
    assert "An IP address is never listed" in shown
    assert Entry.objects.count() == 1
    file = PartnerFile.objects.get()
    done = client_for(supervisor).post(
        reverse("worst-of-file-confirm", args=[file.pk]), follow=True
    )
    assert "2 of 2 lines were taken in" in text(done)
    assert reverse("worst-of-entry", args=[entry.pk]) in text(done)
    entry.refresh_from_db()
    assert entry.state == "listed"
    assert ZoneChange.objects.get().name == "bad.example"


def test_the_same_file_says_so_on_the_page(send):
    content = file_of(line()).getvalue()
    for _ in range(2):
        made = BytesIO(content)
        made.name = "x.csv"
        shown = text(send(made))
    assert "came in before" in shown
    assert PartnerFile.objects.count() == 1


def test_what_is_no_table_is_refused_and_not_kept(send):
    picture = BytesIO(b"\xff\xd8\xff\xe0" + bytes(range(32)) * 100)
    picture.name = "x.csv"
    assert "never choose a picture" in text(send(picture))
    assert "has to name the columns" in text(send(BytesIO(b"a,b\n")))
    answer = send(BytesIO(b""))
    assert answer.status_code == 400
    assert not PartnerFile.objects.exists()


def test_no_more_of_a_file_is_written_to_the_disk_than_is_read(send, monkeypatch):
    """The limit is that of the table, not the 2 GB of a list of hashes."""
    written = []

    class Noted(TemporaryUploadedFile):
        def write(self, data):
            written.append(len(data))
            return super().write(data)

    monkeypatch.setattr("django.core.files.uploadhandler.TemporaryUploadedFile", Noted)
    answer = send(file_of(line(), "x" * (5 * MOST_BYTES)))
    assert answer.status_code == 400
    assert "The file is larger than 4 MB. Split it." in text(answer)
    assert 0 < sum(written) <= MOST_BYTES
    assert not PartnerFile.objects.exists()


def test_an_officer_brings_in_only_nominations_of_the_own_authority(send, officer, police, partner):
    refused = send(file_of(line()), by=officer)
    assert refused.status_code == 400
    assert "Select a valid choice" in text(refused)
    shown = text(send(file_of(line()), by=officer, agency=police))
    assert "your own authority judges" in shown
    assert "disabled" in shown


def test_a_list_that_takes_one_country_says_so(send, supervisor, client_for, partner):
    here = BlockList.objects.create(
        name="Here", country="JM", legal_basis="Act 1", distinct="agency"
    )
    facts = {"agency": partner.pk, "block_list": here.pk, "file": file_of(line())}
    shown = client_for(supervisor).post(reverse("worst-of-import"), facts)
    assert "takes authorities of one country only" in text(shown)


def test_nobody_else_sees_what_a_partner_says(send, officer, assessor, client_for):
    send(file_of(line()))
    pk = PartnerFile.objects.get().pk
    for person in (officer, assessor):
        client = client_for(person)
        assert client.get(reverse("worst-of-file", args=[pk])).status_code == 404
        assert client.post(reverse("worst-of-file-confirm", args=[pk])).status_code == 404
        assert "partner.csv" not in text(client.get(reverse("worst-of-import")))


def test_a_file_is_thrown_away_on_the_page(send, supervisor, client_for):
    send(file_of(line()))
    pk = PartnerFile.objects.get().pk
    client = client_for(supervisor)
    gone = client.post(reverse("worst-of-file-discard", args=[pk]), follow=True)
    assert "nothing of it was taken in" in text(gone)
    assert not PartnerFile.objects.exists()


def test_a_long_file_is_begun_at_once_and_ended_by_the_worker(
    send, supervisor, client_for, monkeypatch
):
    monkeypatch.setattr(importing, "AT_ONCE", 2)
    send(file_of(*(line(f"d{n}.example") for n in range(3))))
    pk, client = PartnerFile.objects.get().pk, client_for(supervisor)
    shown = client.post(reverse("worst-of-file-confirm", args=[pk]), follow=True)
    assert "2 of 3 lines are dealt with" in text(shown)
    assert importing.work(timezone.now())
    shown = client.get(reverse("worst-of-file", args=[pk]))
    assert "3 of 3 lines were taken in" in text(shown)


def test_the_template_can_be_filled_in_and_read(client_for, officer):
    answer = client_for(officer).get(reverse("worst-of-import-template"))
    table = read_table(answer.content + b"bad.example,E-1,Seen,2026-11-01T10:00Z,,,,,,,,Ann,,,,\n")
    assert (len(table.lines), table.faults) == (1, ())


def run(*words):
    answer = CliRunner().invoke(app, ["import", *map(str, words)])
    return answer.exit_code, answer.output


def sighting(domain="bad.example"):
    return f"{domain},E-1,Seen,{moment()},,,,,,,,Ann Other"


def test_a_file_comes_in_on_the_command_line(world_list, partner, supervisor, tmp_path):
    path = tmp_path / "partner.csv"
    path.write_bytes(file_of(sighting(), sighting("two.example")).getvalue())
    words = (path, "--agency", "Police of Farland", "--as", "supervisor")
    code, told = run(*words, "--dry-run")
    assert (code, "2  bad.example  New domain" in told) == (0, True)
    assert not PartnerFile.objects.exists()
    code, told = run(*words)
    assert (code, "New domain" in told, Entry.objects.count()) == (0, True, 2)
    code, told = run(*words)
    assert (code, "came in before" in told, Entry.objects.count()) == (0, True, 2)
    for verb in ("received", "confirmed"):
        entry = AuditEntry.objects.get(verb=f"worstof.file.{verb}")
        assert f"{pwd.getpwuid(os.getuid()).pw_name} (command line)" in str(entry.detail)


def test_a_judgement_that_came_by_command_waits_for_somebody_who_signs_in(
    world_list, partner, supervisor, tmp_path, client_for
):
    """Who has a shell can write any name behind `--as`, and be two supervisors at once."""
    third = Agency.objects.create(name="Third", kind="police", country="SX", is_synthetic=True)
    User.objects.create_user("colleague", role="supervisor", agency=supervisor.agency)
    for agency, by, who in ((partner, "supervisor", "Ann"), (third, "colleague", "Bea")):
        path = tmp_path / f"{by}.csv"
        path.write_bytes(file_of(line().replace("Ann", who)).getvalue())
        code, told = run(path, "--agency", agency.name, "--as", by)
        assert (code, "nothing is taken in until a supervisor signs in" in told) == (3, True)
    assert not Entry.objects.exists()
    for file in PartnerFile.objects.order_by("pk"):
        client_for(supervisor).post(reverse("worst-of-file-confirm", args=[file.pk]))
    assert Assessment.objects.count() == 1
    assert Entry.objects.get().state == "nominated"


def test_the_command_says_by_its_end_what_became_of_the_file(
    world_list, partner, supervisor, officer, tmp_path
):
    path = tmp_path / "partner.csv"
    path.write_bytes(file_of(sighting(), line(said="perhaps")).getvalue())
    words = (path, "--agency", "Police of Farland", "--as")
    code, told = run(*words, "supervisor")
    assert (code, "3  real: Expected: yes, no or unsure (perhaps)" in told) == (1, True)
    assert run(*words, "officer")[0] == 2
    assert run(*words, "nobody")[0] == 2
    assert run(path, "--agency", "Nobody", "--as", "supervisor")[0] == 2
    assert run(tmp_path / "none", *words[1:], "supervisor")[0] == 2
    path.write_bytes(b"nothing\n")
    assert run(*words, "supervisor")[0] == 2
