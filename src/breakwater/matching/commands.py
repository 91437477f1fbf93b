"""`breakwater hash …`, and the same as `python -m breakwater.matching …` without the desk."""

import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from breakwater.matching import hash_output, pictures, videos
from breakwater.matching.bulk.engines import Engine, NotInstalled, engine
from breakwater.matching.bulk.objects import BadAddress, Listing, is_address, opened, storage
from breakwater.matching.folders import Entry
from breakwater.matching.media import HashedFile, Wanted, hash_file, hash_open

app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})
err = Console(stderr=True, highlight=False)
FAULTS_SHOWN = 1000
_FILES_IN_SET, _BYTES_IN_SET = 16, 4 << 20
_BAR_AFTER = 2.0  # seconds
_STOPPED = 130  # what shells take for Ctrl-C


@app.command("hash")
def hash_files(
    paths: Annotated[
        list[str],
        typer.Argument(help="Files, and folders with all below them; also s3://bucket/folder."),
    ],
    out: Annotated[
        Path | None, typer.Option(help="The file to write; without it, standard output.")
    ] = None,
    format: Annotated[str, typer.Option(help="csv, jsonl (JSON Lines) or parquet.")] = "csv",
    video: Annotated[bool, typer.Option(help="Hash frames of videos too.")] = True,
    seconds: Annotated[
        float, typer.Option(min=0.01, help="Time between two frames of a video.")
    ] = videos.SECONDS,
    frames: Annotated[
        int, typer.Option(min=1, help="At most so many frames of one video.")
    ] = videos.MOST_FRAMES,
    turns: Annotated[
        bool, typer.Option("--turns", help="The eight turned and mirrored forms of each picture.")
    ] = False,
    upright: Annotated[
        bool,
        typer.Option(
            "--upright/--as-stored",
            help="Turn pictures as their EXIF asks, or leave them as threatexchange does.",
        ),
    ] = True,
    pixels: Annotated[
        int, typer.Option(min=1, max=pictures.MOST_PIXELS, help="Refuse larger pictures.")
    ] = pictures.MOST_PIXELS,
    processes: Annotated[
        int, typer.Option(min=0, help="Work in so many processes; 0 is one for each processor.")
    ] = 0,
    engine_name: Annotated[
        str, typer.Option("--engine", help="local, or daft for Daft, also on a cluster.")
    ] = "local",
    cluster: Annotated[str, typer.Option(help="Address of a Ray cluster, for --engine daft.")] = "",
) -> None:
    """Hash files: MD5, SHA-1 and SHA-256 of all, PDQ of pictures and of frames of videos.

    Folders are read with all below them, in the order of their names; symbolic links are left
    out. There is a row for each hash, and one row for a file without any. Files that cannot be
    read have a reason in the column `fault` and are named at the end; the others are not
    disturbed. Ctrl-C keeps what was done. Examples:

        breakwater hash uploads --out hashes.csv

        breakwater hash photo.jpg --turns --format jsonl

        breakwater hash archive --no-video --format parquet --out hashes.parquet

        breakwater hash s3://bucket/uploads --engine daft --cluster head.example:6379 --processes 64

    Match pictures on PDQ only where `quality` is 50 or more.

    Ends with 0 if all was read, 1 if some files could not be, 2 if it was called wrongly, 130
    after Ctrl-C.
    """
    if format not in hash_output.FORMATS:
        raise typer.BadParameter(f"«{format}» is none of: {', '.join(hash_output.FORMATS)}")
    if format == "parquet" and out is None:
        raise typer.BadParameter("Parquet needs --out")
    check_paths(paths)
    wanted = Wanted(video, turns, upright, seconds, frames, pixels)
    with_engine = chosen_engine(engine_name, processes, cluster)
    try:
        code = _run(paths, out, format, wanted, with_engine)
    except FileExistsError as problem:
        raise typer.BadParameter(f"{out} exists; choose another name") from problem
    except BrokenPipeError:
        # Whoever read has enough; Python would complain once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as problem:
        err.print(f"Not written: {escape(str(problem))}")
        code = 1
    if code == _STOPPED:
        # All is written and closed. The pool's own goodbye trips, now and then, over a pipe that its
        # thread has just closed (concurrent.futures before Python 3.12), so it is left out.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    raise typer.Exit(code)


def check_paths(paths: Sequence[str]) -> None:
    """End with a sentence if one of them is not there, or no address that can be read."""
    for path in paths:
        try:
            if is_address(path):
                storage(path)
            else:
                os.lstat(path)
        except (BadAddress, OSError, ValueError) as problem:
            raise typer.BadParameter(f"«{path}» does not exist or cannot be read: {problem}") from problem  # fmt: skip


def chosen_engine(name: str, processes: int, cluster: str) -> Engine:
    """The engine that options name; ends with a sentence if it cannot be had."""
    if name not in ("local", "daft"):
        raise typer.BadParameter(f"«{name}» is none of: local, daft")
    if cluster and name != "daft":
        raise typer.BadParameter("--cluster needs --engine daft")
    try:
        return engine(name, processes or os.cpu_count() or 1, cluster)
    except (NotInstalled, ConnectionError) as problem:
        raise typer.BadParameter(str(problem)) from problem


def _run(paths: list[str], out: Path | None, format: str, wanted: Wanted, engine: Engine) -> int:
    """Hash all and write it; the exit code."""
    with ExitStack() as stack:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        stack.callback(signal.signal, signal.SIGTERM, before)
        told = _Told(sum(1 for _ in Listing(paths)) if err.is_terminal else 0)
        try:
            # Who stops it as soon as the file is there is told so, too.
            file: BinaryIO = (
                sys.stdout.buffer if out is None else stack.enter_context(out.open("xb"))
            )
            output = hash_output.FORMATS[format](file)
            stack.callback(output.close)
            walk = Listing(paths, skipped=os.fstat(file.fileno()) if out else None)
            stack.callback(told.end, walk)
            for found in hashed(walk, wanted, engine):
                output.write(found)
                told.add(found)
        except KeyboardInterrupt:
            err.print(f"Stopped. What was written is whole: {told.files} files.")
            return _STOPPED
    return 1 if told.faults else 0


def hashed(entries: Iterable[Entry], wanted: Wanted, engine: Engine) -> Iterator[HashedFile]:
    """Hash files in their order."""
    yield from engine.each(partial(_hash_entry, wanted=wanted), _sets(entries), _lost)


def _sets(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Small files together, so that handing them over costs little; large ones alone."""
    items: list[Entry] = []
    size = 0
    for entry in entries:
        if items and (len(items) == _FILES_IN_SET or size + entry.size > _BYTES_IN_SET):
            yield items
            items, size = [], 0
        items.append(entry)
        size += entry.size
    if items:
        yield items


def _hash_entry(entry: Entry, wanted: Wanted) -> HashedFile:
    if entry.fault:
        return HashedFile(entry.path, fault=entry.fault)
    if entry.store:
        return _hash_object(entry, wanted)
    return hash_file(entry.path, wanted)


def _hash_object(entry: Entry, wanted: Wanted) -> HashedFile:
    found = HashedFile(entry.path)
    try:
        with opened(entry) as file:
            hash_open(file, entry.size, found, wanted)
    except OSError as problem:
        found.fault = f"The object cannot be read: {problem}."
    return found


def _lost(entry: Entry) -> HashedFile:
    return HashedFile(entry.path, fault="Reading it ended the process that did it.")


class _Told:
    """What a person sees on the standard error: a bar after two seconds, faults at the end."""

    def __init__(self, total: int) -> None:
        columns: tuple[Any, ...] = (TextColumn("{task.description}"), BarColumn())
        self._bar = Progress(*columns, MofNCompleteColumn(), TimeElapsedColumn(), console=err)
        self._task = self._bar.add_task("hashing", total=total)
        self._begin = time.monotonic()
        self._shown: list[str] = []
        self.files = 0
        self.faults = 0

    def add(self, found: HashedFile) -> None:
        self.files += 1
        if found.fault:
            self.faults += 1
            if self.faults <= FAULTS_SHOWN:
                self._shown.append(f"{hash_output.text_of(found.path)!r}: {found.fault}")
        if err.is_terminal and time.monotonic() - self._begin > _BAR_AFTER:
            self._bar.start()
            self._bar.update(self._task, completed=self.files)

    def end(self, walk: Listing) -> None:
        self._bar.stop()
        for line in self._shown:
            err.print(line, markup=False, soft_wrap=True)
        if self.faults:
            err.print(f"{self.faults} of {self.files} files could not be read, or not whole.")
        if walk.links or walk.special:
            err.print(f"Left out: {walk.links} symbolic links, {walk.special} devices and pipes.")
