"""Walks files, folders and ZIP archives, and finds the reports in them.

Reads only; what is found is a `Document` to accept, a `Refusal` with what to do, or the
hashes of a file that is not a report and is not kept. Names inside of archives are
labels and never become paths.
"""

from breakwater.reports.imports.finds import Find, Hashed, Refusal
from breakwater.reports.imports.walk import Walk, of_path, of_uploads

__all__ = ["Find", "Hashed", "Refusal", "Walk", "of_path", "of_uploads"]
