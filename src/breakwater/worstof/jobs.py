"""What the worker runs for this room."""

from collections.abc import Callable
from datetime import datetime

JOBS: list[tuple[str, Callable[[datetime], bool]]] = []
