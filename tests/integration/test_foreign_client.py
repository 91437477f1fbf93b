"""A client of the reporting API that others wrote files a complete report at our door.

`ncmec-cybertip` needs Python 3.13, so older Pythons skip this; from 3.13 on it must be there.
"""

import asyncio
import hashlib
import sys
from datetime import UTC, datetime

import pytest
from pytest_django.live_server_helper import LiveServer

from breakwater.reports import door_throttle
from breakwater.reports.actions.accounts import create_account
from breakwater.reports.actions.unpack import unpack_all
from breakwater.reports.models import Filing, Report

if sys.version_info < (3, 13):
    pytest.skip("ncmec-cybertip needs Python 3.13", allow_module_level=True)

import ncmec_cybertip as foreign

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
PICTURE = b"synthetic bytes, no picture"
CAPTURE = foreign.IpCaptureEvent(
    ip_address="198.51.100.7",
    event_name=foreign.EventName.UPLOAD,
    date_time=datetime(2026, 10, 12, 14, 2, tzinfo=UTC),
    port=443,
)
REPORT = foreign.Report(
    incident_summary=foreign.IncidentSummary(
        incident_type=foreign.IncidentType.ONLINE_ENTICEMENT,
        incident_date_time=datetime(2026, 10, 12, 14, 2, tzinfo=UTC),
    ),
    internet_details=[
        foreign.InternetDetails(
            web_page_incident=foreign.WebPageIncident(url=["https://chat.example/x"])
        )
    ],
    reporter=foreign.Reporter(
        reporting_person=foreign.Person(
            first_name="Desk", email=[foreign.Email(value="desk@chat.example")]
        )
    ),
    person_or_user_reported=foreign.PersonOrUserReported(
        esp_identifier="4711", screen_name="synthetic-user", ip_capture_event=[CAPTURE]
    ),
)


@pytest.fixture
def client(live_server: LiveServer) -> foreign.CyberTiplineClient:
    door_throttle._failures.clear()
    _, secret = create_account("Example Chat", "chat", by="test", at=NOW)
    return foreign.CyberTiplineClient(
        username="chat", password=secret, base_url=f"{live_server.url}/ispws"
    )


def test_a_client_of_others_files_a_complete_report(client: foreign.CyberTiplineClient) -> None:
    done, uploaded = asyncio.run(_file(client))
    assert done.file_ids == [uploaded.file_id]
    assert uploaded.hash == hashlib.md5(PICTURE, usedforsecurity=False).hexdigest()
    unpack_all(at=NOW)
    report = Report.objects.get(number=f"P-{done.report_id}")
    assert report.problems == 0
    assert report.file_count == 1
    assert report.provider.name == "Example Chat"


async def _file(client: foreign.CyberTiplineClient) -> tuple:
    async with client:
        await client.status()
        assert "schema" in await client.get_xsd()
        opened = await client.submit(REPORT)
        uploaded = await client.upload(opened.report_id, PICTURE, filename="a.jpg")
        details = foreign.FileDetails(
            report_id=opened.report_id,
            file_id=uploaded.file_id,
            original_file_name="a.jpg",
            file_relevance=foreign.FileRelevance.REPORTED,
            file_viewed_by_esp=True,
            file_annotations=foreign.FileAnnotations(generative_ai=True),
            ip_capture_event=CAPTURE,
        )
        await client.file_info(details)
        return await client.finish(opened.report_id), uploaded


def test_a_client_of_others_retracts_and_reads_our_refusal(
    client: foreign.CyberTiplineClient,
) -> None:
    async def retract() -> int:
        async with client:
            opened = await client.submit(REPORT)
            await client.retract(opened.report_id)
            with pytest.raises(foreign.ApiError) as refused:
                await client.upload(opened.report_id, PICTURE)
        assert refused.value.response_code == 5101
        return int(opened.report_id)

    number = asyncio.run(retract())
    assert Filing.objects.get(pk=number).state == Filing.State.RETRACTED


def test_a_client_of_others_understands_a_wrong_secret(live_server: LiveServer) -> None:
    door_throttle._failures.clear()
    wrong = foreign.CyberTiplineClient(
        username="nobody", password="x", base_url=f"{live_server.url}/ispws"
    )

    async def ask() -> None:
        async with wrong:
            await wrong.status()

    with pytest.raises(foreign.ApiError) as refused:
        asyncio.run(ask())
    assert refused.value.response_code == 401
