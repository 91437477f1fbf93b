"""Runs a program to its end and says what it cost."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

Ran = tuple[float, float, float, str]


def timed(command: Sequence[str | Path], env: Mapping[str, str] = os.environ) -> Ran:
    """Seconds of a whole process, its seconds of CPU, its peak in MiB, and what it said."""
    began = time.perf_counter()
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as child:
        said = child.stdout.read() if child.stdout else ""
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if child.returncode:
        raise SystemExit(f"{command[0]} ended with {child.returncode}")
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said
