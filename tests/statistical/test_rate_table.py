"""The intervals on a case page hold the planted rate about as often as they say, for few people as for many."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from models.uncertainty import fit_rate_table


@pytest.mark.parametrize("n", [400, 2_000])
def test_a_cell_holds_its_true_rate_nine_times_in_ten(n: int) -> None:
    """Twenty-five samples; the served score bends away from the truth, so that the interval has to come from the data."""
    held, widths, cells = 0, [], 0
    for seed in range(25):
        random = np.random.default_rng(seed)
        z = random.normal(-1.2, 1.3, n)
        truth = expit(0.8 * z + 0.15 * z**2 - 0.3)
        label = (random.random(n) < truth).astype(np.float64)
        table = fit_rate_table(z, label, groups=np.arange(n, dtype=np.int32), seed=seed, n_resamples=30)
        cell = np.searchsorted(table.edges, z, side="right")
        for place in range(len(table.low)):
            held += table.low[place] <= truth[cell == place].mean() <= table.high[place]
            cells += 1
        widths.append(float((table.high - table.low).mean()))
    assert held / cells >= 0.9
    assert np.mean(widths) < (0.35 if n == 400 else 0.18)
