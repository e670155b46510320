"""How well a score ranks and how true its probabilities are; one place, because gates and watching need the same number.

Every metric takes ``(label, score, weight=None)``: labels 0/1, scores where higher means more at risk (probabilities where the
docstring says so), and optional non-negative weights, which count a row as that many rows. What can't be computed (one class only) is NaN,
never a made-up number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.newton import fit_line

Vector: TypeAlias = NDArray[np.float64]
Metric: TypeAlias = Callable[[Vector, Vector, Vector | None], float]

_EDGE = 1e-15


def auc(label: Vector, score: Vector, weight: Vector | None = None) -> float:
    """Area under the ROC curve: P(score of a one > score of a zero) + ½ P(equal). Neutral value 0.5.

    Examples
    --------
    >>> auc(np.array([0.0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    """
    ones, zeros = _tied_sums(label, score, weight)
    n_one, n_zero = ones.sum(), zeros.sum()
    if n_one == 0 or n_zero == 0:
        return float("nan")
    zeros_above = np.cumsum(zeros) - 0.5 * zeros
    return float(1.0 - (ones * zeros_above).sum() / (n_one * n_zero))


def average_precision(label: Vector, score: Vector, weight: Vector | None = None) -> float:
    """Average precision: Σ (recall_k − recall_{k−1}) · precision_k over distinct scores. Neutral value: the prevalence."""
    ones, zeros = _tied_sums(label, score, weight)
    if ones.sum() == 0:
        return float("nan")
    found, shown = np.cumsum(ones), np.cumsum(ones + zeros)
    precision = np.divide(found, shown, out=np.zeros_like(found), where=shown > 0)
    return float((ones * precision).sum() / ones.sum())


def precision_at_share(label: Vector, score: Vector, weight: Vector | None = None, *, share: float) -> float:
    """Share of ones among the top `share` of rows by score. Neutral value: the prevalence.

    Notes
    -----
    The top holds ``share * n`` rows, a fraction of a row included. Where the cut falls among equal scores, the tied rows count by
    expectation: as if the places left were drawn among them at random. So the figure does not depend on the order of rows.

    Examples
    --------
    >>> precision_at_share(np.array([1.0, 0, 1, 0]), np.array([0.9, 0.8, 0.1, 0.1]), share=0.75)
    0.5
    """
    found, shown, _ = _top(label, score, weight, share)
    return found / shown if shown > 0 else float("nan")


def recall_at_share(label: Vector, score: Vector, weight: Vector | None = None, *, share: float) -> float:
    """Share of all ones that are in the top `share` of rows by score. Neutral value: `share`. Ties as in `precision_at_share`."""
    found, _, ones = _top(label, score, weight, share)
    return found / ones if ones > 0 else float("nan")


def brier(label: Vector, probability: Vector, weight: Vector | None = None) -> float:
    """Mean squared distance of probability and outcome. Neutral value: p(1 − p) at prevalence p; 0 is perfect."""
    return _mean((probability - label) ** 2, weight)


def log_loss(label: Vector, probability: Vector, weight: Vector | None = None) -> float:
    """Mean −log likelihood. Neutral value: the entropy at the prevalence; 0 is perfect. Probabilities are clipped at 1e-15."""
    p = np.clip(probability, _EDGE, 1 - _EDGE)
    return _mean(-(label * np.log(p) + (1 - label) * np.log1p(-p)), weight)


def observed_expected(label: Vector, probability: Vector, weight: Vector | None = None) -> float:
    """Observed over expected number of ones, Σy / Σp. Neutral value 1; above 1 the model says too little."""
    expected = _mean(probability, weight)
    return _mean(label, weight) / expected if expected > 0 else float("nan")


def calibration_slope(label: Vector, probability: Vector, weight: Vector | None = None) -> float:
    """Slope of a logistic regression of the outcome on the log-odds. Neutral value 1; below 1 the probabilities are too extreme."""
    if not _has_both(label, weight):
        return float("nan")
    return fit_line(_log_odds(probability), label, weight=weight)[0]


def calibration_intercept(label: Vector, probability: Vector, weight: Vector | None = None) -> float:
    """Calibration in the large: that regression's intercept with the slope held at 1. Neutral value 0; above 0 it says too little."""
    if not _has_both(label, weight):
        return float("nan")
    return fit_line(_log_odds(probability), label, weight=weight, slope=1.0)[1]


def net_benefit(label: Vector, probability: Vector, weight: Vector | None = None, *, threshold: float) -> float:
    """Net benefit, TP/n − FP/n · t/(1 − t), of approaching those with probability at or above t. Neutral value 0: approach nobody.

    Notes
    -----
    Vickers and Elkin 2006. A threshold of 0.2 says: one found is worth four approached in vain.
    """
    shown = (probability >= threshold).astype(np.float64)
    return _mean(shown * label, weight) - _mean(shown * (1 - label), weight) * threshold / (1 - threshold)


def prevalence(label: Vector, score: Vector, weight: Vector | None = None) -> float:
    """Share of ones; the score is not looked at. No neutral value: it is what the others are read against."""
    return _mean(label, weight)


def _mean(values: Vector, weight: Vector | None) -> float:
    total = len(values) if weight is None else weight.sum()
    if total == 0:
        return float("nan")
    return float(values.mean() if weight is None else (values * weight).sum() / total)


def _has_both(label: Vector, weight: Vector | None) -> bool:
    kept = label if weight is None else label[weight > 0]
    return bool(len(kept)) and kept.min() != kept.max()


def _log_odds(probability: Vector) -> Vector:
    p = np.clip(probability, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)


def _tied_sums(label: Vector, score: Vector, weight: Vector | None) -> tuple[Vector, Vector]:
    """Weight of ones and of zeros at each distinct score, highest score first."""
    w = np.ones(len(label)) if weight is None else weight
    if len(label) == 0:
        return w, w
    order = np.argsort(-score, kind="stable")
    y, ordered, w = label[order], score[order], w[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return np.add.reduceat(w * y, starts), np.add.reduceat(w * (1 - y), starts)


def _top(label: Vector, score: Vector, weight: Vector | None, share: float) -> tuple[float, float, float]:
    """Expected ones in the top, rows in the top, and all ones."""
    ones, zeros = _tied_sums(label, score, weight)
    rows = ones + zeros
    shown = share * rows.sum()
    before = np.cumsum(rows) - rows
    taken = np.clip(np.divide(shown - before, rows, out=np.zeros_like(rows), where=rows > 0), 0.0, 1.0)
    return float((ones * taken).sum()), float(shown), float(ones.sum())
