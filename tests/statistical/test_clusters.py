"""How often limits hold where people are not independent: reviews of the same reviewer, brothers and sisters of one household."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date

import numpy as np
import pytest
from numpy.random import SeedSequence

from features.synth.completion import POSITIVE
from features.synth.generate import Settings, generate_cohorts
from monitoring.oversight.timing import quartiles
from monitoring.statistics.clusters import clustered, widened_proportion, widening
from monitoring.statistics.intervals import Interval, difference, proportion

REVIEWERS = (5, 6, 8, 12)
REVIEWS = ((30, 0.4), (50, 0.2), (50, 0.5), (100, 0.1), (100, 0.3), (150, 0.3), (60, 0.8), (60, 0.9))
"""How many reviews, and how often reviewers say yes on average."""


def workloads(random: np.random.Generator, n_runs: int, n_reviewers: int, n: int, *, is_equal: bool) -> np.ndarray:
    """Spread reviews over reviewers, evenly or as it happens; shape (n_runs, n_reviewers)."""
    parts = np.full((n_runs, n_reviewers), 1 / n_reviewers) if is_equal else random.dirichlet(np.full(n_reviewers, 1.5), n_runs)
    return random.multinomial(n, parts)


def habits(random: np.random.Generator, shape: tuple[int, int], mean: float, alike: float) -> np.ndarray:
    """Draw how often each reviewer says yes; `alike` is the correlation of two reviews of one reviewer."""
    weight = (1 - alike) / alike
    return random.beta(mean * weight, (1 - mean) * weight, shape)


def held(found: Interval, truth: float | np.ndarray) -> float:
    return float(np.mean((found.low <= truth) & (truth <= found.high)))


def is_told(k: np.ndarray, n: int) -> np.ndarray:
    """Whether a report would tell the share: five of each, or nobody of one."""
    return ((k == 0) | (k >= 5)) & ((k == n) | (n - k >= 5))


def coverages(random: np.random.Generator, n_runs: int, alike: tuple[float, ...]) -> Iterator[tuple[float, float]]:
    """Give how often limits of independent people hold, and those that know of reviewers; of the reviewers' mean."""
    for correlation, is_equal, n_reviewers, (n, mean) in itertools.product(alike, (True, False), REVIEWERS, REVIEWS):
        of = workloads(random, n_runs, n_reviewers, n, is_equal=is_equal)
        yes = random.binomial(of, habits(random, of.shape, mean, correlation))
        widen, k = widening(clustered(yes, of)), yes.sum(axis=1)
        told = ~np.isnan(widen) & is_told(k, n)
        if told.mean() > 0.2:
            k, widen = k[told], widen[told]
            yield held(proportion(k, n), mean), held(widened_proportion(k, n, widen), mean)


@pytest.mark.requirement("R-11")
def test_a_share_of_few_reviewers_decisions_is_covered():
    found = np.array(list(coverages(np.random.default_rng(1), 120, (0.02, 0.25))))
    assert found[:, 0].min() < 0.6
    # Of 120 runs with a true coverage of 95 % fewer than 106 hold once in 1,000 cells.
    assert found[:, 1].min() >= 0.88
    assert found[:, 1].mean() >= 0.96


@pytest.mark.proof
@pytest.mark.requirement("R-11")
def test_it_is_covered_at_least_93_percent_whatever_reviewers_are_like():
    found = np.array(list(coverages(np.random.default_rng(2), 2000, (0.001, 0.02, 0.1, 0.25, 0.4))))
    assert found[:, 0].min() < 0.4
    assert found[:, 1].min() >= 0.945


@pytest.mark.requirement("R-11")
def test_of_fewer_than_five_reviewers_limits_hold_for_what_these_would_decide():
    """Which is all that they claim there: reviewers are as they are, and other people come before them."""
    random = np.random.default_rng(3)
    for n_reviewers, alike, (n, mean) in itertools.product((1, 2, 3, 4), (0.02, 0.25), REVIEWS):
        of = np.full((300, n_reviewers), n // n_reviewers)
        rates = habits(random, of.shape, mean, alike)
        found = proportion(random.binomial(of, rates).sum(axis=1), of.sum(axis=1))
        # 300 runs of 95 % hold in fewer than 90.5 % once in 1,000 cells.
        assert held(found, rates.mean(axis=1)) >= 0.905


def differences(random: np.random.Generator, n_runs: int, cases: Iterator[tuple[float, float, bool, int]]) -> Iterator[tuple[float, float]]:
    """Give how often limits of a difference hold: reviewers differ in strictness, and in how they judge one group beside the other."""
    normal = random.standard_normal((2, 200_000))
    for strictness, partiality, is_apart, n_reviewers in cases:
        for (n_a, at_a), (n_b, at_b) in (((50, -1.2), (50, -1.2)), ((60, -0.5), (150, 0.5)), ((100, -2.0), (200, -2.0))):
            of_a = workloads(random, n_runs, n_reviewers, n_a, is_equal=False)
            of_b = workloads(random, n_runs, n_reviewers, n_b, is_equal=False) if is_apart else random.multinomial(n_b, of_a / n_a)
            strict = strictness * random.standard_normal(of_a.shape)
            partial = partiality * random.standard_normal(of_a.shape)
            yes_a, yes_b = random.binomial(of_a, logistic(at_a + strict + partial)), random.binomial(of_b, logistic(at_b + strict))
            truth = logistic(at_a + strictness * normal[0] + partiality * normal[1]).mean() - logistic(at_b + strictness * normal[0]).mean()
            widen, k_a, k_b = widening(clustered(yes_a, of_a), clustered(yes_b, of_b)), yes_a.sum(axis=1), yes_b.sum(axis=1)
            told = ~np.isnan(widen) & is_told(k_a, n_a) & is_told(k_b, n_b)
            if told.mean() > 0.15:
                k_a, k_b, widen = k_a[told], k_b[told], widen[told]
                alone = difference(proportion(k_a, n_a), proportion(k_b, n_b))
                yield held(alone, truth), held(difference(*(widened_proportion(k, n, widen) for k, n in ((k_a, n_a), (k_b, n_b)))), truth)


def logistic(value: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-value)))


@pytest.mark.requirement("R-11")
def test_a_difference_between_groups_that_the_same_reviewers_judged_is_covered():
    cases = itertools.product((0.0, 1.3), (0.0, 1.0), (False,), (5, 8))
    found = np.array(list(differences(np.random.default_rng(4), 150, cases)))
    assert found[:, 0].min() < 0.85
    assert found[:, 1].min() >= 0.89
    assert found[:, 1].mean() >= 0.96


@pytest.mark.proof
@pytest.mark.requirement("R-11")
def test_a_difference_is_covered_at_least_93_percent_whoever_judged_whom():
    cases = itertools.product((0.0, 0.6, 1.3), (0.0, 0.5, 1.0), (False, True), REVIEWERS)
    found = np.array(list(differences(np.random.default_rng(5), 1000, cases)))
    assert found[:, 1].min() >= 0.945


def quartile_coverage(random: np.random.Generator, n_runs: int, n_reviewers: int, n: int) -> tuple[float, float]:
    """Give how often limits of the median time hold, of single reviews and of reviewers; half the variation is the reviewers' own."""
    alone, known = [], []
    for _ in range(n_runs):
        reviewer = random.integers(0, n_reviewers, n)
        minutes = 100 * np.exp(random.standard_normal(n_reviewers)[reviewer] + random.standard_normal(n))
        for runs, who in ((alone, None), (known, reviewer)):
            found = quartiles(minutes, reviewer=who)
            assert found is not None
            median = found["median"]
            runs.append((median.low is None or median.low <= 100) and (median.high is None or median.high >= 100))
    return float(np.mean(alone)), float(np.mean(known))


@pytest.mark.requirement("R-11")
@pytest.mark.parametrize("n_reviewers", [5, 10])
def test_the_median_time_of_slow_and_quick_reviewers_is_covered(n_reviewers: int):
    alone, known = quartile_coverage(np.random.default_rng(n_reviewers), 120, n_reviewers, 150)
    assert alone < 0.7
    assert known >= 0.9


@pytest.fixture(scope="module")
def siblings() -> dict[str, np.ndarray]:
    """Everybody of Norwegian households who has an outcome: household, year of birth, probability and outcome."""
    cohorts = list(generate_cohorts(Settings(24_000, date(2026, 11, 1)), SeedSequence(11)))
    columns = {
        "household": [one.people.home.founded.astype(np.int64) * 10_000_000 + one.people.home.household for one in cohorts],
        "born": [np.full(one.people.n_people, one.people.birth_year) for one in cohorts],
        "probability": [one.truth.probability for one in cohorts],
        "came": [np.isin(one.truth.status, POSITIVE) for one in cohorts],
    }
    people = {name: np.concatenate(values) for name, values in columns.items()}
    known = ~np.isnan(people["probability"])
    return {name: values[known] for name, values in people.items()}


def design_effect(household: np.ndarray, yes: np.ndarray) -> float:
    """Give the variance of a share of whole households by that of as many independent people."""
    place = np.unique(household, return_inverse=True)[1]
    off = np.bincount(place, weights=yes - yes.mean())
    return float((off**2).sum() / (len(yes) * yes.mean() * (1 - yes.mean())))


def household_coverage(siblings: dict[str, np.ndarray], years: tuple[int, int], n_runs: int) -> dict[str, tuple[float, float]]:
    """Give design effect and coverage of each share in places of 20 to 160 households with children born in some years."""
    chosen = (siblings["born"] >= years[0]) & (siblings["born"] <= years[1])
    place = np.unique(siblings["household"][chosen], return_inverse=True)[1]
    proposed = siblings["probability"][chosen] >= np.quantile(siblings["probability"][chosen], 0.9)
    came, everybody = siblings["came"][chosen], np.ones(chosen.sum(), dtype=bool)
    shares = {
        "base_rate": (came, everybody),
        "proposal_rate": (proposed, everybody),
        "tpr": (proposed & came, came),
        "ppv": (proposed & came, proposed),
    }
    random, found = np.random.default_rng(6), {}
    for name, (yes, of) in shares.items():
        k, n = (np.bincount(place, weights=counted) for counted in (yes, of))
        covered = []
        for n_households in (20, 40, 80, 160):
            drawn = random.integers(0, len(k), (n_runs, n_households))
            places = k[drawn].sum(axis=1), n[drawn].sum(axis=1)
            enough = places[1] >= 10
            if enough.mean() > 0.5:
                covered.append(held(proportion(places[0][enough], places[1][enough]), k.sum() / n.sum()))
        found[name] = (design_effect(siblings["household"][chosen][of], yes[of].astype(float)), min(covered))
    return found


@pytest.mark.requirement("R-11")
def test_a_screening_of_one_birth_year_has_no_brothers_and_sisters(siblings: dict[str, np.ndarray]):
    household = siblings["household"][siblings["born"] == 2007]
    assert len(household) > 300
    assert len(np.unique(household)) == len(household)


@pytest.mark.requirement("R-11")
def test_of_seven_birth_years_at_once_exact_limits_still_hold(siblings: dict[str, np.ndarray]):
    found = household_coverage(siblings, (2004, 2010), 800)
    assert all(effect <= 1.3 for effect, _ in found.values()), found
    # 800 runs of 93 % hold in fewer than 90.6 % less than once in 200 cells.
    assert all(covered >= 0.915 for _, covered in found.values()), found


@pytest.mark.proof
@pytest.mark.requirement("R-11")
def test_of_seven_birth_years_at_once_limits_hold_at_least_93_percent(siblings: dict[str, np.ndarray]):
    found = household_coverage(siblings, (2004, 2010), 20_000)
    assert all(covered >= 0.93 for _, covered in found.values()), found
