"""Coverage of calibration's intervals in a group of which few have the outcome."""

import numpy as np
import pytest
from scipy.special import expit

from monitoring.fairness.group_calibration import difference_interval, intercept_interval, slope_interval

N_DRAWS = 600
MONTE_CARLO = 2 * np.sqrt(0.93 * 0.07 / N_DRAWS)


@pytest.mark.requirement("R-11")
@pytest.mark.parametrize(("n", "centre"), [(30, -0.7), (60, -1.8), (100, -2.5), (200, -1.3)])
def test_slope_intercept_and_difference_cover_at_10_to_50_outcomes(n: int, centre: float):
    random = np.random.default_rng(n)
    covered, told = np.zeros(3), 0
    for _ in range(N_DRAWS):
        z = random.normal(centre, 0.8, n)
        p = expit(z)
        y = (random.uniform(size=n) < p).astype(float)
        # What would be shown at all: five with and five without.
        if min(y.sum(), n - y.sum()) < 5:
            continue
        told += 1
        gaps = (slope_interval(y, p), intercept_interval(y, p), difference_interval(y, p))
        covered += [gap.point is None or gap.low <= neutral <= gap.high for gap, neutral in zip(gaps, (1.0, 0.0, 0.0), strict=True)]
    assert told > 0.9 * N_DRAWS
    assert (covered / told >= 0.93 - MONTE_CARLO).all()
