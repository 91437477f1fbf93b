"""Keeps what stands around the records of VICS files: their roots and their cases."""

import json
from typing import Any

from breakwater.formats.vics import NO_CASE, VicsReader
from breakwater.hashlists.models import HashList, VicsFrame
from breakwater.hashlists.rules.frames import frame_key


def keep_frames(hash_list: HashList, reader: VicsReader) -> None:
    """Keep root and cases of a file, inside the caller's transaction; the newest file counts."""
    root = _as_text(reader.file.extra)
    said = [
        (reader.frame(number), _as_text(case.extra))
        for number, case in enumerate(reader.file.cases)
    ]
    rows = []
    for frame, case in said or [(reader.frame(NO_CASE), "")]:
        key, text = frame_key(frame), json.dumps(frame)
        rows.append(VicsFrame(hash_list=hash_list, key=key, frame=text, root=root, case=case))
    VicsFrame.objects.bulk_create(
        rows, batch_size=500, update_conflicts=True, unique_fields=["hash_list", "key"],
        update_fields=["root", "case"],
    )  # fmt: skip


def _as_text(value: Any) -> str:
    # In ASCII, NUL and half characters are escaped, which every database holds.
    return json.dumps(value)
