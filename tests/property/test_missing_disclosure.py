"""A reader with an integer solver and the shares that were told tries to recompute how many people lack a value in a municipality."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from monitoring.drift.missing_disclosure import told_shares

MINIMUM = 10


def range_of(place: int, told: dict[int, int], n_people: list[int], n_all_missing: int) -> tuple[int, int]:
    """Find the least and the greatest number that the total, every municipality's size and what was told still allow."""
    n = len(n_people)
    known = np.array([[1.0] * n, *([1.0 if column == row else 0.0 for column in range(n)] for row in told)])
    values = np.array([n_all_missing, *told.values()], dtype=float)
    goal = np.zeros(n)
    goal[place] = 1
    ends = []
    for sign in (1, -1):
        found = milp(sign * goal, constraints=LinearConstraint(known, values, values), integrality=np.ones(n), bounds=Bounds(0, n_people))
        assert found.success
        ends.append(round(sign * found.fun))
    return ends[0], ends[1]


@st.composite
def municipalities(draw):
    """Municipalities of at least twenty people, and some people who are in none that is told of."""
    n_people = draw(st.lists(st.integers(20, 80), min_size=1, max_size=6))
    n_people += draw(st.sampled_from([[], [1], [3], [9], [12], [25], [60]]))
    n_missing = [draw(st.one_of(st.integers(0, n), st.sampled_from([0, 1, n - 1, n]).filter(lambda k, n=n: 0 <= k <= n))) for n in n_people]
    return n_missing, n_people, len(n_people)


@pytest.mark.requirement("R-09")
@settings(deadline=None, max_examples=80)
@example(drawn=([4, 40, 15], [60, 90, 70], 3), has_rest=False)
@example(drawn=([0, 40, 15, 2], [60, 90, 70, 3], 4), has_rest=True)
@given(drawn=municipalities(), has_rest=st.booleans())
def test_no_small_number_follows_from_what_is_told(drawn, has_rest):
    n_missing, n_people, n = drawn
    n_told = n - 1 if has_rest and n > 1 else n
    if any(size < 20 for size in n_people[:n_told]):
        n_told = n - 1
    if not n_told:
        return
    places = [f"p{place}" for place in range(n_told)]
    shares = told_shares(
        dict(zip(places, n_missing, strict=False)),
        dict(zip(places, n_people, strict=False)),
        all_missing=sum(n_missing),
        all_people=sum(n_people),
    )
    told = {place: round(shares[name] * n_people[place]) for place, name in enumerate(places) if name in shares}
    for place, count in told.items():
        assert count == n_missing[place]
        assert MINIMUM <= count <= n_people[place] - MINIMUM
    for place in range(n):
        small = min(n_missing[place], n_people[place] - n_missing[place]) < MINIMUM
        if small and told:
            least, most = range_of(place, told, n_people, sum(n_missing))
            assert most - least >= min(MINIMUM, n_people[place])


def test_large_numbers_are_told_where_nothing_small_is_beside_them():
    n_missing, n_people = {"a": 30, "b": 40, "c": 15}, {"a": 60, "b": 90, "c": 70}
    assert told_shares(n_missing, n_people, all_missing=85, all_people=220) == {"a": 0.5, "b": 0.444, "c": 0.214}
