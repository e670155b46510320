"""How often a break is found in series that have none, and in series that have one."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from monitoring.series.breaks import find_breaks

N_SERIES = 200
N_MONTHS = 120
MONTHS = [date(2011 + number // 12, number % 12 + 1, 1) for number in range(N_MONTHS)]


def simulate(random: np.random.Generator, *, memory: float, rise: float = 0.0) -> np.ndarray:
    """Ten years of a count with a school year, whose growth remembers the month before and may rise half-way."""
    growth = np.zeros(N_MONTHS - 1)
    for place, shock in enumerate(random.normal(0, 0.004, N_MONTHS - 1)):
        growth[place] = memory * growth[place - 1] * (place > 0) + shock
    season = random.normal(0, 0.006, 12)[np.arange(N_MONTHS - 1) % 12]
    return 5_000 * np.exp(np.r_[0, np.cumsum(growth + season + rise * (np.arange(N_MONTHS - 1) >= 60))])


@pytest.mark.parametrize("memory", [0.0, 0.3, 0.5])
def test_no_break_is_found_where_none_is(memory: float) -> None:
    random = np.random.default_rng(11)
    found = sum(bool(find_breaks(MONTHS, simulate(random, memory=memory), seed=1, n_simulated=199)) for _ in range(N_SERIES))
    # 5 %, and what chance leaves open of 200 series: 99.9 % of binomials lie below 22.
    assert found <= 21, found


def test_a_rise_of_half_a_per_cent_a_month_is_found() -> None:
    random = np.random.default_rng(12)
    found = [find_breaks(MONTHS, simulate(random, memory=0.3, rise=0.005), seed=1, n_simulated=199) for _ in range(50)]
    assert sum(bool(one) for one in found) >= 45
    near = [min(abs(MONTHS.index(one.month) - 61) for one in breaks) for breaks in found if breaks]
    assert np.median(near) <= 3
