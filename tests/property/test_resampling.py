"""Shared resamples give, draw by draw, the numbers of `models.metrics`."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import metrics
from models.resampling import RANKING_METRICS, percentile_interval, person_weights, resample, resample_tops

SHARE = 0.15
PLAIN = {
    "auc": metrics.auc,
    "average_precision": metrics.average_precision,
    "precision_at_capacity": partial(metrics.precision_at_share, share=SHARE),
    "recall_at_capacity": partial(metrics.recall_at_share, share=SHARE),
}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(8, 60), st.integers(1, 12))
def test_each_draw_equals_the_weighted_metric(seed: int, n_rows: int, n_levels: int) -> None:
    random = np.random.default_rng(seed)
    label = np.r_[0.0, 1.0, random.integers(0, 2, n_rows - 2)]
    score = random.integers(0, n_levels, n_rows).astype(np.float64)
    groups = random.integers(0, n_rows, n_rows).astype(np.int32)
    drawn = resample(label, {"rung": score}, groups=groups, share=SHARE, seed=seed, n_resamples=5)
    weights = np.concatenate(list(person_weights(groups, seed=seed, n_resamples=5)))
    for metric in RANKING_METRICS:
        expected = [PLAIN[metric](label, score, weight) for weight in weights]
        np.testing.assert_allclose(drawn.draws["rung"][metric], expected, atol=1e-12)
        assert drawn.estimates["rung"][metric] == PLAIN[metric](label, score)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(8, 60), st.integers(1, 12))
def test_the_top_of_each_draw_is_what_the_metric_counts(seed: int, n_rows: int, n_levels: int) -> None:
    random = np.random.default_rng(seed)
    label = np.r_[0.0, 1.0, random.integers(0, 2, n_rows - 2)]
    score = random.integers(0, n_levels, n_rows).astype(np.float64)
    groups = random.integers(0, n_rows, n_rows).astype(np.int32)
    shares = np.array([0.05, 0.3, 1.0])
    tops = resample_tops(label, {"rung": score}, groups=groups, shares=shares, seed=seed, n_resamples=5)
    weights = np.concatenate(list(person_weights(groups, seed=seed, n_resamples=5)))
    for place, share in enumerate(shares):
        expected = [share * metrics.precision_at_share(label, score, weight, share=share) for weight in weights]
        np.testing.assert_allclose(tops.found_draws["rung"][:, place], expected, atol=1e-12)
        assert abs(tops.recall("rung", place).estimate - metrics.recall_at_share(label, score, share=share)) < 1e-12
        assert abs(tops.precision("rung", place).estimate - metrics.precision_at_share(label, score, share=share)) < 1e-12


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_rows_of_one_person_are_drawn_together(seed: int) -> None:
    groups = np.array([3, 7, 3, 9, 7], dtype=np.int32)
    weights = np.concatenate(list(person_weights(groups, seed=seed, n_resamples=70)))
    assert weights.shape == (70, 5)
    np.testing.assert_array_equal(weights[:, 0], weights[:, 2])
    np.testing.assert_array_equal(weights[:, 1], weights[:, 4])
    np.testing.assert_array_equal(weights[:, [0, 1, 3]].sum(axis=1), 3)


def test_a_score_has_no_gain_over_itself() -> None:
    label = np.array([0.0, 1, 0, 1, 1])
    drawn = resample(label, {"a": label, "b": label}, groups=np.arange(5, dtype=np.int32), share=0.4, seed=1, n_resamples=20)
    gain = drawn.gain("a", "b", "precision_at_capacity")
    assert (gain.estimate, gain.low, gain.high) == (0.0, 0.0, 0.0)


def test_an_interval_that_the_data_cannot_give_is_unknown() -> None:
    interval = percentile_interval(0.5, np.array([0.5, np.nan, 0.4, np.nan]))
    assert interval.estimate == 0.5
    assert np.isnan([interval.low, interval.high]).all()


def test_a_share_of_everybody_is_no_certainty() -> None:
    """All nine with the outcome are among the first thirty of seventy: resamples always find all, and that proves little."""
    label = (np.arange(70) < 9).astype(np.float64)
    drawn = resample_tops(label, {"line": np.arange(70.0)[::-1]}, groups=np.arange(70, dtype=np.int32), shares=np.array([0.5]), seed=1)
    recall = drawn.recall("line", 0)
    assert recall.estimate == 1.0
    assert recall.high == 1.0
    assert recall.low == pytest.approx(0.025 ** (1 / 9))
    ladder = resample(label, {"line": np.arange(70.0)[::-1]}, groups=np.arange(70, dtype=np.int32), share=0.5, seed=1, n_resamples=50)
    assert ladder.interval("line", "recall_at_capacity") == recall
    many = (np.arange(70) < 40).astype(np.float64)
    ladder = resample(many, {"line": np.arange(70.0)[::-1]}, groups=np.arange(70, dtype=np.int32), share=0.1, seed=1, n_resamples=50)
    assert ladder.interval("line", "precision_at_capacity").low == pytest.approx(0.025 ** (1 / 7))
