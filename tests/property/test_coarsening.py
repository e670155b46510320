import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.drift.coarsening import coarsen

values = st.one_of(st.just(float("nan")), st.integers(0, 4).map(float), st.floats(0, 100, width=32))
columns = st.lists(values, min_size=12, max_size=150).map(np.array)


@pytest.mark.requirement("R-09")
@given(columns, columns)
@settings(max_examples=200, deadline=None)
def test_every_bar_stands_for_nobody_or_at_least_five(reference: np.ndarray, current: np.ndarray):
    pair = coarsen(reference, current)
    known = [side[~np.isnan(side)] for side in pair]
    for before, after, side in zip((reference, current), pair, known, strict=True):
        assert after.shape == before.shape
        if len(known[0]) >= 5 and len(known[1]) >= 5:
            assert (np.unique(side, return_counts=True)[1] >= 5).all()
            assert np.isnan(after).sum() == 0 or np.isnan(after).sum() >= 5


@given(columns)
@settings(max_examples=50, deadline=None)
def test_equal_samples_stay_equal(column: np.ndarray):
    reference, current = coarsen(column, column)
    np.testing.assert_array_equal(reference, current)


def test_a_shift_is_still_seen():
    random = np.random.default_rng(1)
    reference, current = coarsen(random.normal(size=1000), random.normal(1.0, 1.0, size=200))
    assert current.mean() - reference.mean() == pytest.approx(1.0, abs=0.2)
