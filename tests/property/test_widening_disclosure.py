"""A reader who knows how many decisions each reviewer made, by name, tries out every way in which they may have decided."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.statistics.clusters import clustered, widening

SMALL = 5


def ways(sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Give every way to decide, shape (n_ways, n_reviewers), and the widening that a report would tell of each."""
    yes = np.array(list(product(*(range(size + 1) for size in sizes))))
    return yes, np.round(widening(clustered(yes, np.broadcast_to(sizes, yes.shape))), 6)


def check_no_habit_is_told(sizes: list[int]) -> int:
    yes, told = ways(sizes)
    n_told = 0
    for k in range(SMALL, sum(sizes) - SMALL + 1):
        of_count = yes.sum(axis=1) == k
        for widen in np.unique(told[of_count][~np.isnan(told[of_count])]):
            left, before = yes[of_count & (told == widen)], yes[of_count]
            # Three numbers of yes stay possible of every reviewer, and two of one or two decisions, as far as so many were before.
            stay = np.where(np.array(sizes) >= 3, 2, 1)
            assert (np.ptp(left, axis=0) >= np.minimum(np.ptp(before, axis=0), stay)).all(), (k, widen)
            # Of nobody it is told that they always do the same.
            always, could_be_known = (((one == 0) | (one == sizes)).all(axis=0) for one in (left, before))
            assert not (always & ~could_be_known).any(), (k, widen)
            n_told += 1
    return n_told


@pytest.mark.requirement("R-32")
@given(sizes=st.lists(st.integers(1, 9), min_size=5, max_size=5).filter(lambda sizes: sum(sizes) >= 30))
@settings(max_examples=6, deadline=None)
def test_what_one_reviewer_decided_does_not_follow_from_limits(sizes: list[int]) -> None:
    check_no_habit_is_told(sizes)


@pytest.mark.requirement("R-32")
@pytest.mark.parametrize("sizes", [[6] * 5, [9, 7, 5, 5, 4], [5] * 6])
def test_nor_where_limits_are_told_of_every_number(sizes: list[int]) -> None:
    assert check_no_habit_is_told(sizes) >= 10


@pytest.mark.proof
@pytest.mark.requirement("R-32")
@pytest.mark.parametrize("sizes", [[8] * 5, [12, 10, 4, 4, 3], [14, 9, 8, 7, 1], [14, 4, 4, 4, 2, 2]])
def test_nor_of_more_reviewers_and_uneven_work(sizes: list[int]) -> None:
    check_no_habit_is_told(sizes)
