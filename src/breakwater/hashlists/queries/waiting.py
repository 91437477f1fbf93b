"""Looks into a file that waits for a person to say what its columns are."""

from breakwater.formats.hash_table import Preview, preview
from breakwater.hashlists.actions import receiving
from breakwater.hashlists.models import ListChange

ROWS = 8


def beginning(draft: ListChange) -> Preview:
    """The first rows of a draft's file, with the guess.

    Raises:
        FileNotFoundError: somebody removed the file.
    """
    with (receiving.folder() / draft.file).open("rb") as stream:
        return preview(stream, ROWS)
