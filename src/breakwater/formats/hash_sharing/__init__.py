"""The documents of the Hash Sharing API, version 2: read from servers, written by ours.

`<status>`, `<members>`, `<queryResult>` (entries, withdrawn ones, feedback, paging),
`<availableFeedbackReasons>` and `<feedbackSubmission>`, all in one namespace. What is not
known in a document is a `Fault`, never an error; `SharingError` is for what is no such
document, or one that would cost memory. The specification is not public: shapes are from
the open client of ThreatExchange and its samples.
"""

from breakwater.formats.hash_sharing.document import MAX_BYTES, NAMESPACE, SharingError
from breakwater.formats.hash_sharing.feedback import (
    read_reasons,
    read_submission,
    write_reasons,
    write_submission,
)
from breakwater.formats.hash_sharing.read import read_members, read_query_result, read_status
from breakwater.formats.hash_sharing.values import (
    SCHEME,
    EntryFeedback,
    Member,
    Opinion,
    QueryResult,
    Reason,
    SharedEntry,
    Status,
    Submission,
    feedback_type,
    kind_of_feedback_type,
)
from breakwater.formats.hash_sharing.write import write_members, write_query_result, write_status

__all__ = [
    "MAX_BYTES",
    "NAMESPACE",
    "SCHEME",
    "EntryFeedback",
    "Member",
    "Opinion",
    "QueryResult",
    "Reason",
    "SharedEntry",
    "SharingError",
    "Status",
    "Submission",
    "feedback_type",
    "kind_of_feedback_type",
    "read_members",
    "read_query_result",
    "read_reasons",
    "read_status",
    "read_submission",
    "write_members",
    "write_query_result",
    "write_reasons",
    "write_status",
    "write_submission",
]
