"""Nothing from one to four can be read or recomputed from a list whose total is told: attacked with linear programs."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from scipy.optimize import linprog

from features.small_cells import SMALLEST_CELL, withheld_cells


def width_for_an_attacker(counts: NDArray[np.int64], at_most: NDArray[np.int64], hidden: NDArray[np.bool_], cell: int) -> float:
    """Greatest less least value of a cell, given the total, what is shown and each cell's bound."""
    bounds = [(0, int(most)) if withheld else (int(n), int(n)) for n, most, withheld in zip(counts, at_most, hidden, strict=True)]
    goal = np.zeros(len(counts))
    goal[cell] = 1.0
    ends = [linprog(sign * goal, A_eq=np.ones((1, len(counts))), b_eq=[counts.sum()], bounds=bounds) for sign in (1, -1)]
    return float(-ends[1].fun - ends[0].fun)


COUNTS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 9), st.booleans()), min_size=1, max_size=6)


@pytest.mark.requirement("R-09")
@settings(max_examples=120, deadline=None)
@given(cells=COUNTS, zero_is_small=st.booleans(), minimum=st.sampled_from([SMALLEST_CELL, 10]))
def test_every_small_count_keeps_a_wide_range(cells: list[tuple[int, int, bool]], zero_is_small: bool, minimum: int) -> None:
    counts = np.array([n for n, _, _ in cells], dtype=np.int64)
    at_most = counts + np.array([more for _, more, _ in cells])
    already = np.array([withheld for _, _, withheld in cells])
    hidden = withheld_cells(counts, at_most=at_most, already=already, minimum=minimum, zero_is_small=zero_is_small)
    small = (counts < minimum) & (counts >= (0 if zero_is_small else 1))
    assert not (small & ~hidden).any()
    assert (hidden >= already).all()
    if not hidden.all():  # where all are withheld, the total is not told either
        assert all(width_for_an_attacker(counts, at_most, hidden, int(cell)) >= minimum - 1e-6 for cell in np.flatnonzero(small))


@given(counts=st.lists(st.integers(5, 50), min_size=1, max_size=6))
def test_nothing_is_withheld_where_nothing_is_small(counts: list[int]) -> None:
    assert not withheld_cells(np.array([*counts, 0], dtype=np.int64)).any()
