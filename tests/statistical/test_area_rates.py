"""Rates drawn towards the county's: planted rates are recovered better than each area's own, and the intervals hold what comes."""

from __future__ import annotations

import numpy as np
import pytest

from training.planning.rates import AreaRates, fit_rates

N_COUNTIES, AREAS_PER_COUNTY = 12, 25


def planted(seed: int, *, spread: float = 1.0) -> tuple[AreaRates, np.ndarray, np.ndarray, np.ndarray, list[str], list[str]]:
    """Municipalities whose log-odds vary around their county's, and counties' around the nation's."""
    random = np.random.default_rng(seed)
    county = np.repeat(np.arange(N_COUNTIES), AREAS_PER_COUNTY)
    log_odds = -1.5 + spread * (random.normal(0, 0.25, N_COUNTIES)[county] + random.normal(0, 0.3, len(county)))
    rate = 1 / (1 + np.exp(-log_odds))
    people = np.maximum(1, random.lognormal(4.2, 1.2, len(county))).astype(np.int64)
    ones = random.binomial(people, rate)
    areas, counties = [f"a{number}" for number in range(len(county))], [f"c{number}" for number in county]
    return fit_rates(areas, counties, ones, people), rate, ones, people, areas, counties


def test_shrunk_rates_are_nearer_the_truth_than_each_areas_own() -> None:
    rates, rate, ones, people, areas, counties = planted(4)
    shrunk = np.array([rates.of_area(area, county).mean for area, county in zip(areas, counties, strict=True)])
    assert np.mean((shrunk - rate) ** 2) < 0.4 * np.mean((ones / people - rate) ** 2)
    assert np.mean((shrunk - rate) ** 2) < np.mean((ones.sum() / people.sum() - rate) ** 2)


@pytest.mark.parametrize("spread", [0.0, 1.0, 2.0])
def test_intervals_hold_what_comes_nineteen_times_in_twenty(spread: float) -> None:
    held = []
    for seed in range(6):
        rates, rate, _, _, areas, counties = planted(seed, spread=spread)
        random = np.random.default_rng(1_000 + seed)
        children = random.integers(20, 400, len(areas))
        came = random.binomial(children, rate)
        for area, county, n, number in zip(areas, counties, children, came, strict=True):
            _, low, high = rates.of_area(area, county).expected(int(n))
            held.append(low <= number <= high)
    assert 0.93 < np.mean(held) <= 0.985


@pytest.mark.requirement("R-09")
def test_an_area_with_few_in_its_older_cohorts_says_nothing_of_its_own() -> None:
    areas, counties = ["a", "b", "c"], ["x", "x", "x"]
    few = fit_rates(areas, counties, np.array([3, 30, 40]), np.array([60, 150, 200]))
    other = fit_rates(areas, counties, np.array([3, 30, 40]), np.array([60, 150, 200]))
    assert not few.of_area("a", "x").is_own
    assert few.of_area("a", "x").mean == pytest.approx(few.of_county("x").mean) == pytest.approx(other.of_county("x").mean)
    assert few.of_area("b", "x").is_own


def test_an_area_without_older_cohorts_gets_its_countys_rate_and_an_unknown_county_the_nations() -> None:
    rates = fit_rates(["a", "b"], ["x", "y"], np.array([30, 60]), np.array([150, 150]))
    assert rates.of_area("new", "x").mean == pytest.approx(rates.of_county("x").mean)
    assert rates.of_area("new", "z").mean == pytest.approx(rates.nation.mean)
    low_to_high = [rates.of_area("new", county).expected(100) for county in ("x", "z", "y")]
    assert [one[0] for one in low_to_high] == sorted(one[0] for one in low_to_high)
