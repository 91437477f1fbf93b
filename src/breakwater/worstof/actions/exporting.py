"""Who took the board away as a file is in the log."""

from datetime import datetime

from django.db import transaction

from breakwater.custody.actions import record
from breakwater.people.models import User


def record_export(*, by: User, has_names: bool, at: datetime) -> None:
    with transaction.atomic():
        record("worstof.board.exported", actor=by, at=at, detail={"names": has_names})
