"""The provider door answers as the reporting API does, code by code."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import etree

from breakwater.reports.actions.accounts import create_account
from breakwater.reports.actions.filing import expire_unfinished
from breakwater.reports.actions.unpack import unpack_all
from breakwater.reports.models import Filing, FilingFile, Original, Report
from breakwater.reports.rules.filing import expires_at

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
REPORT = (
    "<report>{batch}<incidentSummary><incidentType>Online Enticement of Children for Sexual Acts"
    "</incidentType><incidentDateTime>2026-10-12T14:02:00Z</incidentDateTime></incidentSummary>"
    "<reporter><reportingPerson><email>desk@chat.example</email></reportingPerson></reporter>"
    "<personOrUserReported><espIdentifier>42</espIdentifier></personOrUserReported></report>"
)
PLAIN = REPORT.format(batch="")
BATCH = REPORT.format(batch='<batchedReport reason="VIRAL_POTENTIAL_MEME"/>')


class Provider:
    """A provider's client, as plain as they come."""

    def __init__(self, username="chat"):
        _, self.secret = create_account("Example Chat", username, by="test", at=NOW)
        self.username = username
        self.client = Client(HTTP_HOST="localhost", headers=self.basic(self.secret))

    def basic(self, secret):
        token = base64.b64encode(f"{self.username}:{secret}".encode()).decode()
        return {"Authorization": f"Basic {token}"}

    def post_xml(self, call, xml, content_type="text/xml; charset=utf-8"):
        data = xml if isinstance(xml, bytes) else xml.encode()
        return self.client.post(f"/ispws/{call}", data, content_type=content_type)

    def submit(self, xml=PLAIN):
        return int(value(self.post_xml("submit", xml), "reportId"))

    def upload(self, number, data=b"synthetic bytes", name="a.jpg"):
        file = SimpleUploadedFile(name, data)
        return self.client.post("/ispws/upload", {"id": number, "file": file})

    def describe(self, number, file_id, inner=""):
        xml = f"<fileDetails><reportId>{number}</reportId><fileId>{file_id}</fileId>{inner}</fileDetails>"
        return self.post_xml("fileinfo", xml)

    def finish(self, number):
        return self.client.post("/ispws/finish", {"id": number})


def value(response, name):
    return etree.fromstring(response.content).findtext(f".//{name}")


def code(response):
    return int(value(response, "responseCode"))


@pytest.fixture
def provider():
    return Provider()


def test_a_complete_filing_becomes_a_report(provider):
    number = provider.submit()
    uploaded = provider.upload(number)
    file_id = value(uploaded, "fileId")
    assert len(file_id) == 32
    assert value(uploaded, "hash") == hashlib.md5(b"synthetic bytes").hexdigest()  # noqa: S324 – the API asks for it
    described = provider.describe(number, file_id, "<fileViewedByEsp>true</fileViewedByEsp>")
    assert code(described) == 0
    done = provider.finish(number)
    root = etree.fromstring(done.content)
    assert root.tag == "reportDoneResponse"
    assert root.findtext("files/fileId") == file_id
    unpack_all(at=datetime.now(UTC))
    report = Report.objects.get(number=f"P-{number}")
    assert report.file_count == 1
    assert report.provider.name == "Example Chat"


def test_nothing_of_an_uploaded_file_is_kept_but_its_hashes(provider):
    number = provider.submit()
    provider.upload(number, b"bytes that must not stay")
    provider.finish(number)
    import zlib

    assert b"must not stay" not in zlib.decompress(Original.objects.get().content)
    assert (
        FilingFile.objects.get().sha256 == hashlib.sha256(b"bytes that must not stay").hexdigest()
    )


def test_every_answer_has_a_request_id_a_code_and_a_description(provider):
    for response in (
        provider.client.get("/ispws/status"),
        provider.post_xml("submit", "<x/>"),
        provider.finish(999),
    ):
        assert len(response["Request-ID"]) == 32
        assert value(response, "responseCode") is not None
        assert value(response, "responseDescription")


def test_status_names_the_user_and_no_report(provider):
    response = provider.client.get("/ispws/status")
    assert value(response, "responseDescription") == "Remote User : chat, Remote Ip : 127.0.0.1"
    assert value(response, "reportId") is None


def test_the_schema_is_served(provider):
    assert etree.fromstring(provider.client.get("/ispws/xsd").content).tag.endswith("schema")


def test_wrong_credentials_get_an_empty_401(provider):
    for headers in (
        {},
        provider.basic("wrong"),
        {"Authorization": "Basic !!"},
        {"Authorization": "Bearer x"},
    ):
        response = Client(HTTP_HOST="localhost", headers=headers).get("/ispws/status")
        assert response.status_code == 401
        assert response.content == b""
        assert "Basic" in response["WWW-Authenticate"]


def test_wrong_secrets_of_a_stranger_lock_no_provider_out(provider, caplog):
    for _ in range(30):
        wrong = Client(HTTP_HOST="localhost", headers=provider.basic("wrong")).get("/ispws/status")
        assert wrong.status_code == 401
    assert provider.client.get("/ispws/status").status_code == 200
    assert [x.getMessage() for x in caplog.records if "wrong secrets" in x.getMessage()] == [
        "10 wrong secrets for 'chat' came from 127.0.0.1 within 300 seconds."
    ]


def test_the_secret_is_not_kept(provider):
    from breakwater.reports.models import ProviderAccount

    assert provider.secret not in str(ProviderAccount.objects.values())


def test_a_broken_rule_is_4100_with_path_and_reason(provider):
    response = provider.post_xml(
        "submit", PLAIN.replace("2026-10-12T14:02:00Z", "2099-10-12T14:02:00Z")
    )
    assert response.status_code == 400
    assert code(response) == 4100
    assert "report/incidentSummary/incidentDateTime" in value(response, "responseDescription")
    assert "future" in value(response, "responseDescription")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"<report>",
        b"<report></report",
        b"\0\0",
        "<report>é</report>".encode("latin-1"),
    ],
)
def test_malformed_xml_is_4110(provider, body):
    assert code(provider.post_xml("submit", body)) == 4110


def test_two_reports_in_one_submission_are_refused(provider):
    assert code(provider.post_xml("submit", PLAIN + PLAIN)) == 4110
    assert code(provider.post_xml("submit", f"<reports>{PLAIN}{PLAIN}</reports>")) == 4100


@pytest.mark.parametrize(
    "content_type",
    ["text/xml", "application/xml", "text/plain;charset=UTF-8", "application/octet-stream"],
)
def test_any_content_type_is_sniffed(provider, content_type):
    assert code(provider.post_xml("submit", PLAIN, content_type)) == 0


def test_finish_and_retract_take_the_id_in_either_form(provider):
    for call in ("finish", "retract"):
        number = provider.submit()
        response = provider.client.post(
            f"/ispws/{call}", f"id={number}", content_type="application/x-www-form-urlencoded"
        )
        assert code(response) == 0


def test_nothing_can_be_done_after_finish(provider):
    number = provider.submit()
    file_id = value(provider.upload(number), "fileId")
    provider.finish(number)
    assert code(provider.upload(number)) == 5102
    assert code(provider.describe(number, file_id)) == 5102
    assert code(provider.finish(number)) == 5102
    assert code(provider.client.post("/ispws/retract", {"id": number})) == 5102


def test_a_retracted_filing_is_gone_and_stays_gone(provider):
    number = provider.submit()
    provider.upload(number)
    assert code(provider.client.post("/ispws/retract", {"id": number})) == 0
    assert code(provider.finish(number)) == 5101
    assert not FilingFile.objects.exists()
    assert bytes(Filing.objects.get().xml) == b""


def test_somebody_elses_filing_does_not_exist(provider):
    number = provider.submit()
    assert code(Provider("other").finish(number)) == 5001


@pytest.mark.parametrize("number", ["999", "-1", "abc", "9" * 30, "1 OR 1=1"])
def test_an_unknown_report_is_5001(provider, number):
    assert code(provider.finish(number)) == 5001


def test_an_unknown_file_is_5002(provider):
    assert code(provider.describe(provider.submit(), "f" * 32)) == 5002


def test_details_can_be_given_once(provider):
    number = provider.submit()
    file_id = value(provider.upload(number), "fileId")
    assert code(provider.describe(number, file_id)) == 0
    assert code(provider.describe(number, file_id)) == 4000


def test_an_upload_without_a_file_is_4200(provider):
    number = provider.submit()
    assert code(provider.client.post("/ispws/upload", {"id": number})) == 4200


def test_a_batch_with_two_files_is_refused_at_finish_and_can_be_retracted(provider):
    number = provider.submit(BATCH)
    for _ in range(2):
        provider.upload(number)
    response = provider.finish(number)
    assert response.status_code == 400
    assert code(response) == 4100
    assert code(provider.client.post("/ispws/retract", {"id": number})) == 0


def test_a_batch_with_one_viral_file_is_finished(provider):
    number = provider.submit(BATCH)
    file_id = value(provider.upload(number), "fileId")
    provider.describe(number, file_id, "<fileAnnotations><viral/></fileAnnotations>")
    assert code(provider.finish(number)) == 0


def test_unfinished_filings_expire_at_the_later_of_the_two_times():
    opened = NOW
    assert expires_at(opened_at=opened, modified_at=opened) == opened + timedelta(hours=24)
    late = opened + timedelta(hours=23, minutes=30)
    assert expires_at(opened_at=opened, modified_at=late) == late + timedelta(hours=1)


def test_an_expired_filing_is_forgotten_and_a_fresh_one_kept(provider):
    old, fresh = provider.submit(), provider.submit()
    long_ago = datetime.now(UTC) - timedelta(hours=25)
    Filing.objects.filter(pk=old).update(opened_at=long_ago, modified_at=long_ago)
    assert expire_unfinished(datetime.now(UTC)) == 1
    assert code(provider.finish(old)) == 5101
    assert code(provider.finish(fresh)) == 0


def test_the_same_filing_finished_twice_is_one_report(provider):
    first, second = provider.submit(), provider.submit()
    assert code(provider.finish(first)) == code(provider.finish(second)) == 0
    unpack_all(at=datetime.now(UTC))
    assert Report.objects.count() == 1


def test_a_report_of_ten_thousand_people_is_accepted(provider):
    people = "".join(
        f"<personOrUserReported><espIdentifier>{n}</espIdentifier></personOrUserReported>"
        for n in range(10_000)
    )
    number = provider.submit(PLAIN.replace("</report>", people + "</report>"))
    assert code(provider.finish(number)) == 0
    assert unpack_all(at=datetime.now(UTC)) == 1


def test_a_bomb_is_refused_and_the_door_stays_open(provider):
    bomb = (
        '<!DOCTYPE r [<!ENTITY a "'
        + "a" * 1000
        + '">'
        + "".join(f'<!ENTITY b{n} "{"&a;" * 100}">' for n in range(50))
        + "]><report>&b1;</report>"
    )
    assert code(provider.post_xml("submit", bomb)) == 4110
    assert code(provider.post_xml("submit", "<report>" * 100_000)) == 4110
    assert code(provider.post_xml("submit", b"<report>" + b" " * (9 * 1024 * 1024))) == 4110
    assert provider.submit()


@pytest.mark.parametrize(
    "body", [b'--x\r\nContent-Disposition: form-data; name="id"\r\n\r\n1', b"garbage", b""]
)
def test_a_truncated_upload_is_answered(provider, body):
    response = provider.client.post(
        "/ispws/upload", body, content_type="multipart/form-data; boundary=x"
    )
    assert response.status_code == 400
    assert code(response) in (4000, 4200, 5001)


def test_the_wrong_method_is_told(provider):
    assert provider.client.get("/ispws/submit").status_code == 405
