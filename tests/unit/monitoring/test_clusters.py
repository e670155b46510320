"""How far limits widen where reviewers differ: against a plain oracle that sums reviewer by reviewer."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitoring.statistics.clusters import clustered, widened_p_value, widened_proportion, widening
from monitoring.statistics.intervals import proportion

people = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=9)
"""Decisions for and against of each reviewer."""


def by_hand(decisions: list[tuple[int, int]], others: tuple[int, int] = (0, 0)) -> float:
    """Widen the share of yes among all reviewers' decisions and some others that are nobody's."""
    sizes = [yes + no for yes, no in decisions]
    n, k = sum(sizes), sum(yes for yes, _ in decisions)
    if sum(size > 0 for size in sizes) < 5 or n < 30:
        return math.nan
    worth = n * n / sum(size * size for size in sizes)
    if worth < 3 or n / worth < 3:
        return math.nan
    few = (stats.t.ppf(0.975, worth - 1) / stats.norm.ppf(0.975)) ** 2
    rate, whole_n, whole_k = k / n, n + sum(others), k + others[0]
    steps = [1 + (n / worth - 1) * own for own in (0.05, 0.2, 1.0)]
    if 0 < k < n:
        between = sum((yes - size * rate) ** 2 / (1 - size / n) for (yes, _), size in zip(decisions, sizes, strict=True)) / n**2
        measured = between / (rate * (1 - rate) / n)
        open_steps = steps if min(k, n - k) / worth >= 2 else steps[1:]
        found = few * next((step for step in open_steps if step * (1 + 2e-9) >= measured), steps[-1])
    else:
        found = few * steps[1]
    if 0 < whole_k < whole_n:
        decided, everybody = n * rate * (1 - rate), whole_k * (whole_n - whole_k) / whole_n
        found = 1 + decided / everybody * (found - 1)
    return next(step for power in range(30) for step in (2.0**power, 1.5 * 2**power) if step * (1 + 2e-9) >= found)


@given(decisions=people, others=st.tuples(st.integers(0, 50), st.integers(0, 50)))
def test_equals_what_is_summed_by_hand(decisions: list[tuple[int, int]], others: tuple[int, int]):
    yes, of = [yes for yes, _ in decisions], [yes + no for yes, no in decisions]
    found = widening(clustered(yes, of, n_yes=sum(yes) + others[0], n_of=sum(of) + sum(others)))
    assert float(found) == pytest.approx(by_hand(decisions, others), nan_ok=True)


@given(decisions=people)
def test_limits_are_never_narrower_than_those_of_independent_people(decisions: list[tuple[int, int]]):
    yes, of = [yes for yes, _ in decisions], [yes + no for yes, no in decisions]
    widen = float(widening(clustered(yes, of)))
    if math.isnan(widen):
        return
    wide, exact = widened_proportion(sum(yes), sum(of), widen), proportion(sum(yes), sum(of))
    assert widen >= 1
    assert wide.point == exact.point
    assert wide.low <= exact.low + 1e-12
    assert wide.high >= exact.high - 1e-12


def test_many_shares_at_once_are_each_their_own():
    yes, of = [[3, 4, 5, 4, 4], [1, 9, 1, 9, 5]], [[10] * 5, [10] * 5]
    each = [float(widening(clustered(a, b))) for a, b in zip(yes, of, strict=True)]
    assert widening(clustered(yes, of)).tolist() == each
    assert each[0] < each[1]


def test_who_judges_both_groups_alike_makes_no_difference_between_them():
    strict = clustered([2, 4, 6, 8, 10, 12], [20] * 6)
    against = clustered([12, 10, 8, 6, 4, 2], [20] * 6)
    alike = clustered([7] * 6, [20] * 6)
    assert float(widening(strict, strict)) == float(widening(alike))
    assert float(widening(strict, against)) >= float(widening(strict)) > 2 * float(widening(alike))


@pytest.mark.requirement("R-32")
def test_too_few_reviewers_or_one_with_nearly_all_say_nothing_of_others():
    assert np.isnan(widening(clustered([2, 4, 6, 8], [20] * 4)))
    assert np.isnan(widening(clustered([50, 1, 1, 1, 1], [90, 2, 2, 2, 2])))
    assert np.isnan(widening(clustered([2, 4, 6, 8, 9], [20] * 5), clustered([2, 4, 6, 8, 0], [20, 20, 20, 20, 0])))
    assert np.isnan(widening(clustered([1, 1, 0, 2, 1] * 3, [2] * 15)))
    assert np.isnan(widening(clustered([2, 1, 4, 3, 4], [5] * 5)))
    assert np.isnan(widening(clustered([], [])))
    assert np.isnan(widened_proportion(3, 10, np.nan).point)


def test_a_count_above_its_number_of_people_is_refused():
    with pytest.raises(ValueError, match="0 <= yes <= of"):
        clustered([3], [2])


@given(p_value=st.floats(0, 1), widen=st.floats(1, 100))
def test_a_p_value_never_becomes_smaller(p_value: float, widen: float):
    assert widened_p_value(p_value, widen) >= p_value
