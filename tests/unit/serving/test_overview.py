"""Counts by municipality beside their total: nothing under five, and nothing that gives one away."""

from __future__ import annotations

from itertools import product

import pytest

from features.small_cells import SMALLEST_CELL
from serving.aggregates.overview import hide_small, total_of


@pytest.mark.requirement("R-09")
@pytest.mark.parametrize("values", list(product((0, 1, 2, 4, 5, 7, 20), repeat=3)))
def test_a_hidden_count_stays_unknown_beside_the_total(values: tuple[int, ...]) -> None:
    counts = dict(zip("abc", values, strict=True))
    shown, total = hide_small(counts), total_of(counts)

    assert all(n is None or n == 0 or n >= SMALLEST_CELL for n in shown.values())
    hidden = [name for name, n in shown.items() if n is None]
    if total is not None and hidden:
        left = total - sum(n for n in shown.values() if n is not None)
        possible = {first for first in range(1, left + 1) if left - first >= len(hidden) - 1}
        assert len(hidden) > 1
        assert len(possible) > SMALLEST_CELL
