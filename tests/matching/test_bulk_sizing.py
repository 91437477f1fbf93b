"""The sizing table is computed from a measurement."""

from typer.testing import CliRunner

from breakwater.matching.bulk import sizing
from breakwater.matching.bulk.commands import app

MEASURED = sizing.Measured(1_000_000, 20_000.0, 120.0, 5e6, 1_000.0)
SERVER = {"server_memory": 256 * 10**9, "server_cores": 32}


def test_the_measured_size_needs_what_was_measured() -> None:
    found = sizing.need(1_000_000, MEASURED, queries=50_000, **SERVER)
    assert round(found.queries_of_core) == 20_000
    assert (found.shards, found.memory, found.disk, found.servers) == (
        1,
        120 * 10**6,
        240 * 10**6,
        1,
    )
    assert found.cores == 3


def test_ten_billion_are_cut_into_shards_that_are_all_asked() -> None:
    one = sizing.need(100_000_000, MEASURED, queries=1_000, **SERVER)
    all_ = sizing.need(10_000_000_000, MEASURED, queries=1_000, **SERVER)
    assert (one.shards, all_.shards) == (1, 100)
    assert round(one.queries_of_core / all_.queries_of_core) == 100
    assert all_.memory == 1_200 * 10**9
    assert all_.servers >= 7  # 1,200 GB in three quarters of 256 GB


def test_more_hashes_never_need_less() -> None:
    needs = [sizing.need(n, MEASURED, queries=1_000, **SERVER) for n in sizing.SIZES]
    for name in ("memory", "disk", "cores", "servers"):
        values = [getattr(n, name) for n in needs]
        assert values == sorted(values)


def test_the_command_measures_and_prints_the_table() -> None:
    done = CliRunner().invoke(app, ["matching", "size", "--hashes", "20000"])
    assert done.exit_code == 0, done.output
    assert "| 10,000,000,000 | 100 |" in done.output
    assert "queries/s among 20,000 hashes" in done.output
