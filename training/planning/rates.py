"""How often an outcome comes in each area, from few people: rates drawn towards the county's, and the county's towards the nation's.

A municipality in which nine of twenty did not complete has hardly a rate of 45 per cent. Its own people count as much as their number
allows against what its county makes likely (empirical Bayes on the beta-binomial; Efron and Morris 1975, Clayton and Kaldor 1987).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import betaln
from scipy.stats import betabinom

from features.small_cells import SMALLEST_CELL

Vector = NDArray[np.float64]

LEAST_WEIGHT, MOST_WEIGHT = 2.0, 1e6
"""People that a prior is worth: a few where areas differ wildly, very many where they do not differ at all."""


@dataclass(frozen=True)
class Rate:
    """What is believed of an area's rate: a beta distribution.

    `is_own` is False where the area's own people are so few with or without the outcome that its rate would be about them (R-09): then it
    is what the county makes likely of any of its areas.
    """

    a: float
    b: float
    is_own: bool

    @property
    def mean(self) -> float:
        """The rate itself."""
        return self.a / (self.a + self.b)

    def expected(self, n: int, *, level: float = 0.95) -> tuple[float, int, int]:
        """Number with the outcome to expect among n people, and between which numbers it lies at this level.

        The interval holds both what is not known of the rate and that n people are few.

        >>> Rate(20.0, 80.0, True).expected(50)
        (10.0, 4, 17)
        """
        low, high = betabinom.ppf([(1 - level) / 2, (1 + level) / 2], n, self.a, self.b)
        return n * self.mean, int(low), int(high)


@dataclass(frozen=True)
class AreaRates:
    """Rates of the nation, its counties and their areas, by name."""

    nation: Rate
    counties: Mapping[str, Rate]
    areas: Mapping[str, Rate]
    weight_of_nation: float
    """People of a county that the nation's rate is worth."""
    weight_of_county: float
    """People of an area that its county's rate is worth."""

    def of_area(self, area: str, county: str) -> Rate:
        """Rate of an area; of one without older cohorts what its county makes likely, of an unknown county what the nation does."""
        return self.areas.get(area) or _prior(self.of_county(county).mean, self.weight_of_county)

    def of_county(self, county: str) -> Rate:
        """Rate of a county."""
        return self.counties.get(county) or _prior(self.nation.mean, self.weight_of_nation)


def fit_rates(areas: Sequence[str], counties: Sequence[str], ones: NDArray[np.int64], people: NDArray[np.int64]) -> AreaRates:
    """Learn rates from the older cohorts' people with the outcome and in all.

    Parameters
    ----------
    areas, counties
        Name of each area and of its county.
    ones, people
        People with the outcome, and all with a known one, shape (n_areas,).
    """
    names, place = np.unique(np.array(counties, dtype=np.str_), return_inverse=True)
    county_ones, county_people = (np.bincount(place, weights=values, minlength=len(names)).astype(np.float64) for values in (ones, people))
    nation = float(ones.sum() / people.sum())
    weight_of_nation = _weight(county_ones, county_people, np.full(len(names), nation))
    by_county = [_posterior(nation, weight_of_nation, one, n) for one, n in zip(county_ones, county_people, strict=True)]
    means = np.array([rate.mean for rate in by_county])[place]
    weight_of_county = _weight(ones.astype(np.float64), people.astype(np.float64), means)
    by_area = [_posterior(mean, weight_of_county, one, n) for mean, one, n in zip(means, ones, people, strict=True)]
    return AreaRates(
        Rate(float(ones.sum()) + nation, float((people - ones).sum()) + 1 - nation, True),
        dict(zip(names.tolist(), by_county, strict=True)),
        dict(zip(areas, by_area, strict=True)),
        weight_of_nation,
        weight_of_county,
    )


def _posterior(mean: float, weight: float, ones: float, people: float) -> Rate:
    if any(0 < count < SMALLEST_CELL for count in (ones, people - ones)):
        return _prior(mean, weight)
    return Rate(weight * mean + float(ones), weight * (1 - mean) + float(people - ones), True)


def _prior(mean: float, weight: float) -> Rate:
    return Rate(weight * mean, weight * (1 - mean), False)


def _weight(ones: Vector, people: Vector, mean: Vector) -> float:
    """Weight of the common mean under which the areas' numbers are likeliest."""
    mean = np.clip(mean, 1e-6, 1 - 1e-6)

    def unlikeliness(log_weight: float) -> float:
        a, b = np.exp(log_weight) * mean, np.exp(log_weight) * (1 - mean)
        return -float((betaln(a + ones, b + people - ones) - betaln(a, b)).sum())

    found = minimize_scalar(unlikeliness, bounds=(np.log(LEAST_WEIGHT), np.log(MOST_WEIGHT)), method="bounded")
    return float(np.exp(found.x))
