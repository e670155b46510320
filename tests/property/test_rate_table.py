"""Intervals of the rate: Venn-Abers as defined, cells that hold enough people, words in steps that are no percentage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from models.uncertainty import NARROWEST, STEP, RateTable, _venn_abers, coarse_span, fit_rate_table

Seeds = st.integers(0, 10_000)


def people(n: int, *, seed: int, rows_each: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    z = random.normal(-1.2, 1.2, n)
    label = (random.random(n) < expit(z)).astype(np.float64)
    return z, label, (np.arange(n) // rows_each).astype(np.int32)


@settings(max_examples=40, deadline=None)
@given(Seeds, st.integers(6, 40), st.integers(2, 6))
def test_the_package_is_venn_abers_by_its_definition(seed: int, n: int, n_levels: int) -> None:
    """Oracle: isotonic regression with the new person added once as without and once as with the outcome."""
    random = np.random.default_rng(seed)
    score = (1 + random.integers(0, n_levels, n)) / (n_levels + 1)
    label = random.integers(0, 2, n).astype(np.float64)
    at = np.unique(score)
    low, high = _venn_abers(score, label, at)
    for place, one in enumerate(at):
        expected = [IsotonicRegression().fit(np.r_[score, one], np.r_[label, added]).predict([one])[0] for added in (0.0, 1.0)]
        assert [low[place], high[place]] == pytest.approx(expected, abs=1e-9)


@pytest.mark.requirement("R-09")
@settings(max_examples=25, deadline=None)
@given(Seeds, st.integers(40, 600), st.integers(1, 3))
def test_no_cell_holds_fewer_than_five_of_either_outcome(seed: int, n: int, rows_each: int) -> None:
    z, label, person = people(n, seed=seed, rows_each=rows_each)
    table = fit_rate_table(z, label, groups=person, seed=1, n_resamples=5)
    if len(table.low) == 0:
        assert min(label.sum(), n - label.sum()) < 5
        return
    cell = np.searchsorted(table.edges, z, side="right")
    for place in range(len(table.low)):
        inside = label[cell == place]
        assert min(inside.sum(), len(inside) - inside.sum()) >= 5
        assert table.n_people[place] == len(inside)
    assert (table.low <= table.high).all()
    assert (np.diff(table.low) >= -1e-12).all()
    assert (np.diff(table.high) >= -1e-12).all()


@pytest.mark.requirement("R-18")
@given(st.floats(0, 1), st.floats(0, 1))
def test_what_is_told_holds_the_interval_in_steps_and_is_never_narrow_as_a_percentage(one: float, other: float) -> None:
    low, high = sorted((one, other))
    span = coarse_span(low, high)
    assert span.low <= 100 * low + 1e-6
    assert span.high >= 100 * high - 1e-6
    assert span.low % STEP == span.high % STEP == 0
    assert span.width >= NARROWEST
    assert 0 <= span.low < span.high <= 100


def test_a_table_survives_json_and_reads_each_score_in_its_cell() -> None:
    z, label, person = people(2_000, seed=3)
    table = fit_rate_table(z, label, groups=person, seed=1)
    read = RateTable.from_json(table.to_json())
    at = np.linspace(-6, 6, 101)
    np.testing.assert_array_equal(read.interval(at), table.interval(at))
    low, high = table.interval(at)
    assert (np.diff(low) >= 0).all()
    assert (low[:1] < 0.05).all()
    assert (high[-1:] > 0.7).all()


def test_the_same_people_and_seed_give_the_same_table() -> None:
    z, label, person = people(600, seed=5, rows_each=2)
    one, other = (fit_rate_table(z, label, groups=person, seed=9).to_json() for _ in range(2))
    assert one == other
