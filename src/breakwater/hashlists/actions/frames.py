"""Keeps what stands around the records of VICS files: their roots and their cases."""

import json
from typing import Any

from breakwater.formats.vics import NO_CASE, VicsReader
from breakwater.hashlists.models import ListChange, VicsFrame
from breakwater.hashlists.rules.frames import frame_key


def as_text(reader: VicsReader) -> str:
    """Root and cases of a file that was read, for `ListChange.frames`."""
    said = [
        (reader.frame(number), _as_text(case.extra))
        for number, case in enumerate(reader.file.cases)
    ]
    return _as_text([_as_text(reader.file.extra), said or [(reader.frame(NO_CASE), "")]])


def keep_frames(change: ListChange) -> None:
    """Let root and cases of the change's file hold, inside the transaction that ends the change.

    The newest file counts.
    """
    if not change.frames:
        return
    root, said = json.loads(change.frames)
    rows = [
        VicsFrame(
            hash_list_id=change.hash_list_id, key=frame_key(frame), frame=json.dumps(frame),
            root=root, case=case,
        )
        for frame, case in said
    ]  # fmt: skip
    VicsFrame.objects.bulk_create(
        rows, batch_size=500, update_conflicts=True, unique_fields=["hash_list", "key"],
        update_fields=["root", "case"],
    )  # fmt: skip
    change.frames = ""


def _as_text(value: Any) -> str:
    # In ASCII, NUL and half characters are escaped, which every database holds.
    return json.dumps(value)
