"""Breaks of a monthly series are found where they were put, and what is no series is refused."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from monitoring.series.breaks import SHORTEST, find_breaks

SCHOOL_YEAR = np.array([0.02, 0.0, 0.01, 0.0, -0.01, -0.04, -0.03, 0.03, 0.02, 0.0, 0.0, 0.0])


def months(n: int, *, first: int = 2011) -> list[date]:
    return [date(first + number // 12, number % 12 + 1, 1) for number in range(n)]


def series(growth: np.ndarray, *, noise: float = 0.004, seed: int = 3) -> np.ndarray:
    """A count that starts at 40,000 and grows so each month, with a school year and some noise."""
    random = np.random.default_rng(seed)
    season = SCHOOL_YEAR[(np.arange(len(growth)) + 1) % 12]
    return 40_000 * np.exp(np.r_[0, np.cumsum(growth + season + random.normal(0, noise, len(growth)))])


def test_two_breaks_are_found_where_they_are_and_with_their_growth() -> None:
    growth = np.repeat([-0.002, 0.004, -0.003], [60, 60, 58])
    first, second = find_breaks(months(179), series(growth), seed=1)
    for found, place, before, after in ((first, 60, -0.024, 0.049), (second, 120, 0.049, -0.035)):
        # Growth number 60 leads to the 62nd month.
        at = months(179).index(found.month)
        assert abs(at - (place + 1)) <= 4
        assert found.before == pytest.approx(before, abs=0.015)
        assert found.after == pytest.approx(after, abs=0.015)
        assert found.p_value <= 0.05


def test_a_season_is_no_break() -> None:
    assert find_breaks(months(179), series(np.zeros(178)), seed=1) == ()


def test_one_odd_month_is_no_break() -> None:
    growth = np.zeros(178)
    growth[[90, 91]] = 0.05, -0.05
    assert find_breaks(months(179), series(growth), seed=1) == ()


def test_less_than_a_year_on_either_side_tells_nothing() -> None:
    growth = np.repeat([0.0, 0.03], [12, SHORTEST - 2])
    assert find_breaks(months(len(growth) + 1), series(growth), seed=1) == ()
    assert find_breaks([], np.empty(0), seed=1) == ()


def test_the_same_seed_finds_the_same() -> None:
    growth = np.repeat([-0.002, 0.003], [90, 88])
    assert find_breaks(months(179), series(growth), seed=5) == find_breaks(months(179), series(growth), seed=5)


@pytest.mark.parametrize("left_out", [[5], [5, 6]])
def test_a_missing_month_is_refused(left_out: list[int]) -> None:
    some = [month for place, month in enumerate(months(60)) if place not in left_out]
    with pytest.raises(ValueError, match="consecutive months"):
        find_breaks(some, np.ones(len(some)), seed=1)


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan])
def test_growth_from_nothing_is_refused(value: float) -> None:
    values = np.full(60, 100.0)
    values[7] = value
    with pytest.raises(ValueError, match="above 0"):
        find_breaks(months(60), values, seed=1)
