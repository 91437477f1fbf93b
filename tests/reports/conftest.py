"""A police file of one account, taken in and read at once."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from breakwater.reports.actions.accept import Document, accept_originals
from breakwater.reports.actions.unpack import unpack_waiting
from breakwater.reports.models import Delivery, Report


@pytest.fixture
def police_file(at: datetime) -> Callable[[int, list[dict[str, Any]]], Report]:
    """Takes in a file with these uploads, about an account of its own for each number."""

    def take(number: int, files: list[dict[str, Any]]) -> Report:
        value = {
            "reportId": number,
            "reportedInformation": {
                "reportingEsp": {"espName": "Example Chat"},
                "reportedPeople": {"reportedPersons": [{"id": 1, "espUserId": f"u-{number}"}]},
                "uploadedFiles": {"uploadedFiles": files},
            },
        }
        delivery = Delivery.objects.create(
            door="police", name="f", sent_by="test", received_at=at, state="received"
        )
        data = json.dumps(value).encode()
        document = Document(f"{number}.json", "le_json", data, f"C-{number}", "Example Chat")
        accept_originals([document], delivery=delivery, at=at)
        unpack_waiting(at=at)
        return Report.objects.get(number=f"C-{number}")

    return take
