"""The client's side of test_foreign_client.py, run by a Python that may be newer than ours.

    python foreign_client_script.py file|retract|status ADDRESS USERNAME < SECRET

What the client understood of our answers is printed as JSON; the test looks at it.
"""

import asyncio
import json
import sys
from datetime import UTC, datetime

import ncmec_cybertip as foreign

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


async def file(client: foreign.CyberTiplineClient) -> dict[str, object]:
    """File a complete report: everything a provider may say, one file and its details."""
    await client.status()
    schema = await client.get_xsd()
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
    done = await client.finish(opened.report_id)
    return {
        "schema": schema,
        "report_id": int(done.report_id),
        "file_ids": done.file_ids,
        "uploaded": {"file_id": uploaded.file_id, "hash": uploaded.hash},
    }


async def retract(client: foreign.CyberTiplineClient) -> dict[str, object]:
    """Take a report back, and upload to it all the same."""
    opened = await client.submit(REPORT)
    await client.retract(opened.report_id)
    try:
        await client.upload(opened.report_id, PICTURE)
    except foreign.ApiError as refused:
        return {"report_id": int(opened.report_id), "refused": refused.response_code}
    return {"report_id": int(opened.report_id), "refused": None}


async def status(client: foreign.CyberTiplineClient) -> dict[str, object]:
    """Ask only whether the door is open and the secret right."""
    try:
        await client.status()
    except foreign.ApiError as refused:
        return {"refused": refused.response_code}
    return {"refused": None}


async def main(name: str, address: str, username: str) -> None:
    secret = sys.stdin.read()
    client = foreign.CyberTiplineClient(username=username, password=secret, base_url=address)
    async with client:
        told = await {"file": file, "retract": retract, "status": status}[name](client)
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
