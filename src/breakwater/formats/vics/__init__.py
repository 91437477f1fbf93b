"""VICS files (Project VIC data models 1.x and 2.0): hash sets and cases, hashes and words only.

Every exporter has its own faults, so the reader takes what is meant, says in `faults` what
it had to overlook, and keeps each record as it was written: a file that is read and written
again says the same. No media is ever read; paths in a file are text.

Shape (2.0): `{"@odata.context": "…/DataModels/2.0.xml/<scheme>/$metadata#Media", "value":
[Media…]}` for a hash set, `#Cases` and `[{CaseID, …, "Media": [Media…]}]` for a case; 1.x has
`odata.metadata` and no scheme. There is no public schema; recovered from open readers and
writers (IPED, GLEAPP and others).
"""

from breakwater.formats.vics.file import FLAGS, FORMAT, FRAME, SCHEMES, Case, NotVics, VicsFile
from breakwater.formats.vics.media import exif_of, flags_of, read_flag
from breakwater.formats.vics.read import MAX_BYTES, NO_CASE, VicsReader, read_vics
from breakwater.formats.vics.write import Records, vics_blocks, write_vics

__all__ = [
    "FLAGS",
    "FORMAT",
    "FRAME",
    "MAX_BYTES",
    "NO_CASE",
    "SCHEMES",
    "Case",
    "NotVics",
    "Records",
    "VicsFile",
    "VicsReader",
    "exif_of",
    "flags_of",
    "read_flag",
    "read_vics",
    "vics_blocks",
    "write_vics",
]
