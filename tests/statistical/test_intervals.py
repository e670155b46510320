"""Coverage of the intervals, counted exactly over every possible outcome rather than simulated."""

import itertools

import numpy as np
import pytest
from scipy import stats

from monitoring.fairness.groups import GroupFairness, measure_fairness
from monitoring.statistics.intervals import difference, proportion, ratio

RATES = (0.005, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.8, 0.95)
SMALL = (10, 12, 15, 20, 30, 50)


@pytest.mark.requirement("R-11")
def test_proportion_covers_at_least_95_percent_for_10_to_50_people():
    for n in range(10, 51):
        k = np.arange(n + 1)
        _, low, high = proportion(k, n)
        for rate in np.linspace(0.005, 0.995, 100):
            covered = stats.binom.pmf(k, n, rate)[(low <= rate) & (rate <= high)].sum()
            assert covered >= 0.95


@pytest.mark.parametrize(("n_a", "n_b"), [(a, b) for a in SMALL for b in (10, 50, 1000)])
def test_differences_and_ratios_cover_at_least_93_percent(n_a: int, n_b: int):
    k_a, k_b = np.meshgrid(np.arange(n_a + 1), np.arange(n_b + 1), indexing="ij")
    a, b = proportion(k_a, n_a), proportion(k_b, n_b)
    gap, share = difference(a, b), ratio(a, b)
    for rate_a, rate_b in itertools.product(RATES, (0.05, 0.1, 0.3, 0.5, 0.9)):
        weight = np.outer(stats.binom.pmf(np.arange(n_a + 1), n_a, rate_a), stats.binom.pmf(np.arange(n_b + 1), n_b, rate_b))
        assert weight[(gap.low <= rate_a - rate_b) & (rate_a - rate_b <= gap.high)].sum() >= 0.93
        # Nothing of nothing has no ratio and no interval: it is reported as unknown, so it is no missed cover.
        known = ~np.isnan(share.low)
        inside = (share.low <= rate_a / rate_b) & (rate_a / rate_b <= share.high)
        assert weight[inside | ~known].sum() >= 0.93
        assert known[(k_a > 0) | (k_b > 0)].all()


def test_intervals_narrow_as_people_are_added():
    widths = [float(high - low) for _, low, high in (proportion(n // 10, n) for n in (10, 100, 1000, 10_000))]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.013


def group_of(n: int, k: int, metric: str) -> GroupFairness:
    """Measure a group in which the metric is k of n, beside a large reference group."""
    label, proposed = {
        "tpr": ([1] * n, [1] * k + [0] * (n - k)),
        "fnr": ([1] * n, [0] * k + [1] * (n - k)),
        "ppv": ([1] * k + [0] * (n - k), [1] * n),
    }[metric]
    everybody = [1, 1, 0, 0] * 100, [1, 0, 1, 0] * 100
    group = ["few"] * n + ["many"] * 400
    table = measure_fairness(label + everybody[0], proposed + everybody[1], np.full(n + 400, 0.3), group, attribute="sex")
    return table.groups[0]


@pytest.mark.requirement("R-11")
@pytest.mark.parametrize("metric", ["tpr", "fnr", "ppv"])
@pytest.mark.parametrize("n", [10, 13, 20, 35, 50])
def test_a_groups_rates_are_covered_at_10_to_50_people(n: int, metric: str):
    rates = [group_of(n, k, metric).rates[metric] for k in range(n + 1)]
    low, high = (np.array([getattr(rate, end) for rate in rates]) for end in ("low", "high"))
    for truth in (0.02, 0.1, 0.3, 0.5, 0.8, 0.95):
        chance = stats.binom.pmf(np.arange(n + 1), n, truth)
        assert chance[(low <= truth) & (truth <= high)].sum() >= 0.93


@pytest.mark.requirement("R-11")
def test_the_named_case_fnr_of_a_tenth_at_ten_positives_beside_the_common_bootstrap():
    k = np.arange(11)
    chance = stats.binom.pmf(k, 10, 0.1)
    rates = [group_of(10, missed, "fnr").rates["fnr"] for missed in k]
    ours = chance[[rate.low <= 0.1 <= rate.high for rate in rates]].sum()
    # What a percentile bootstrap over the ten converges to: quantiles of a binomial of the share that was seen.
    low, high = stats.binom.ppf(0.025, 10, k / 10) / 10, stats.binom.ppf(0.975, 10, k / 10) / 10
    theirs = chance[(low <= 0.1) & (high >= 0.1)].sum()
    assert ours >= 0.95
    assert theirs < 0.70


def test_a_groups_differences_and_ratios_are_those_that_are_shown_to_cover():
    row = group_of(10, 1, "fnr")
    own, many = proportion(1, 10), proportion(100, 200)
    for found, expected in ((row.differences["fnr"], difference(own, many)), (row.ratios["fnr"], ratio(own, many))):
        assert (found.point, found.low, found.high) == pytest.approx(tuple(float(value) for value in expected), abs=1e-12)
