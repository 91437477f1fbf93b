"""A short run of tools/kill_rounds.py; the long run is 200 rounds on each database."""

import os
import runpy
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
TOOL = Path(__file__).parents[2] / "tools" / "kill_rounds.py"


def test_nothing_acknowledged_is_lost_or_doubled_when_processes_are_killed(tmp_path: Path) -> None:
    tool = runpy.run_path(str(TOOL), run_name="kill_rounds")
    with tool["own_environment"](tmp_path, os.environ.get("DATABASE_URL", "")) as environment:
        outcome = tool["kill_rounds"](8, environment, tmp_path, seed=2)
    assert not outcome.faults, str(outcome)
    assert outcome.filed
    assert outcome.imported
