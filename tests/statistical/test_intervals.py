"""Coverage of the intervals, counted exactly over every possible outcome rather than simulated."""

import itertools

import numpy as np
import pytest
from scipy import stats

from monitoring.intervals import difference, proportion, ratio

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
