"""Work in processes comes back in order, and an item that kills its process is lost alone."""

import os
import time

import pytest

from breakwater.matching.processes import InOrder


def double(item: int) -> int:
    if item < 0:
        os._exit(1)
    time.sleep(item % 3 / 200)
    return item * 2


def in_order(items: list[int], at_once: int = 3) -> InOrder[int, int]:
    sets = [items[i : i + at_once] for i in range(0, len(items), at_once)]
    return InOrder(
        double, sets, lost=lambda item: item, processes=2, preload="breakwater.matching.processes"
    )


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(in_order(list(range(100)))) == [2 * n for n in range(100)]
    assert list(in_order([])) == []


@pytest.mark.parametrize("deadly", [(0,), (17,), (59,), (4, 5, 40)])
def test_an_item_that_kills_its_process_is_lost_alone(deadly: tuple[int, ...]) -> None:
    items = [-1 if n in deadly else n for n in range(60)]
    assert list(in_order(items)) == [-1 if n in deadly else 2 * n for n in range(60)]


def test_whoever_stops_early_does_not_wait_for_the_rest() -> None:
    results = iter(in_order(list(range(100_000))))
    assert [next(results) for _ in range(5)] == [0, 2, 4, 6, 8]
    results.close()  # type: ignore[attr-defined]


def test_settings_of_memory_are_those_of_the_children_alone() -> None:
    list(in_order([1, 2, 3]))
    assert "MALLOC_TRIM_THRESHOLD_" not in os.environ
