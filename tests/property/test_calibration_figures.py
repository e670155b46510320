"""Calibration figures against plain oracles: each draw equals the figure on repeated rows, and Brier's parts add up."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from models import metrics
from models.calibration_draws import calibration_draws, calibration_figures
from models.newton import fit_line
from models.newton_draws import fit_draws
from models.reliability import brier_parts, curve_draws, estimated_calibration_index, log_odds

Seeds = st.integers(0, 10_000)


def rows(seed: int, n: int, *, levels: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    probability = random.uniform(0.02, 0.95, n) if levels is None else random.integers(1, levels + 1, n) / (levels + 1)
    label = (random.random(n) < probability).astype(np.float64)
    # Neither outcome is set apart by a cut, where a slope would be infinite.
    order = np.argsort(probability)
    label[order[[0, 1, -2, -1]]] = 1.0, 0.0, 1.0, 0.0
    return label, probability


@settings(max_examples=60, deadline=None)
@given(Seeds, st.integers(8, 200), st.sampled_from([None, 3, 12]))
def test_brier_falls_apart_exactly_as_with_scikit_learns_isotonic_curve(seed: int, n: int, levels: int | None) -> None:
    label, probability = rows(seed, n, levels=levels)
    parts = brier_parts(label, probability)
    total = parts.reliability - parts.resolution + parts.uncertainty
    assert abs(total - brier_score_loss(label, probability)) < 1e-12
    recalibrated = IsotonicRegression().fit(probability, label).predict(probability)
    assert abs(parts.reliability - (metrics.brier(label, probability) - metrics.brier(label, recalibrated))) < 1e-9
    assert parts.reliability >= 0
    assert parts.resolution >= 0


@settings(max_examples=40, deadline=None)
@given(Seeds, st.integers(12, 80))
def test_a_weight_counts_a_row_that_often(seed: int, n: int) -> None:
    label, probability = rows(seed, n)
    times = np.random.default_rng(seed + 1).integers(0, 4, n)
    times[np.argsort(probability)[[0, 1, -2, -1]]] = 1
    repeated_label, repeated = np.repeat(label, times), np.repeat(probability, times)
    found = calibration_draws(label, probability, times[None, :].astype(np.float64))
    expected = calibration_figures(repeated_label, repeated)
    # Knots of the smooth curve stay those of the rows, so the index is compared with the curve itself below.
    for name in set(expected) - {"calibration_index"}:
        np.testing.assert_allclose(found[name][0], expected[name], rtol=1e-5, atol=1e-7, err_msg=name)


@settings(max_examples=40, deadline=None)
@given(Seeds, st.integers(20, 120))
def test_every_draw_of_the_line_equals_the_line_itself(seed: int, n: int) -> None:
    label, probability = rows(seed, n)
    z = log_odds(probability)
    weights = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=4).astype(np.float64)
    weights[:, np.argsort(probability)[[0, 1, -2, -1]]] += 1
    drawn = fit_draws(np.column_stack([z, np.ones(n)]), label, weights)
    for row, weight in zip(drawn, weights, strict=True):
        np.testing.assert_allclose(row, fit_line(z, label, weight=weight), rtol=1e-4, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(Seeds)
def test_the_smooth_curve_is_scikit_learns_unpenalised_regression_on_the_same_columns(seed: int) -> None:
    label, probability = rows(seed, 300)
    z = log_odds(probability)
    x = (z - z.mean()) / z.std()
    knots = np.quantile(x, (0.05, 0.35, 0.65, 0.95))

    def bend(knot: float) -> np.ndarray:
        cube = [np.clip(x - k, 0, None) ** 3 for k in (knot, knots[2], knots[3])]
        return cube[0] - cube[1] * (knots[3] - knot) / (knots[3] - knots[2]) + cube[2] * (knots[2] - knot) / (knots[3] - knots[2])

    design = np.column_stack([x, bend(knots[0]), bend(knots[1])])
    fitted = LogisticRegression(C=np.inf, tol=1e-10, max_iter=2_000, solver="newton-cholesky").fit(design, label)
    curve = fitted.predict_proba(design)[:, 1]
    found = curve_draws(label, probability, np.ones((1, 300)))[0]
    np.testing.assert_allclose(1 / (1 + np.exp(-found)), curve, atol=1e-4)
    assert abs(estimated_calibration_index(label, probability) - 100 * np.mean((curve - probability) ** 2)) < 1e-2


def test_a_draw_of_one_outcome_only_says_nothing() -> None:
    label, probability = rows(3, 20)
    found = calibration_draws(label, probability, label[None, :])
    assert np.isnan(found["calibration_slope"][0])
    assert np.isnan(found["calibration_index"][0])


def test_equal_probabilities_have_a_flat_curve_and_no_slope() -> None:
    label, probability = np.array([0.0, 1, 0, 0]), np.full(4, 0.5)
    assert calibration_figures(label, probability)["calibration_slope"] == 1.0
    assert abs(estimated_calibration_index(label, probability) - 100 * 0.25**2) < 1e-6
