"""Logistic regression on one number, by Newton's method: what calibrating and measuring calibration have in common."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Vector = NDArray[np.float64]

_RIDGE = 1e-10
_MAX_STEPS = 100
_LONGEST_STEP = 5.0


def fit_line(z: Vector, target: Vector, *, weight: Vector | None = None, slope: float | None = None) -> tuple[float, float]:
    """Fit ``P = 1 / (1 + exp(-(a z + b)))`` by maximum likelihood and return (a, b).

    Targets may lie between 0 and 1 (Platt's smoothed ones). With `slope` only b is fitted. Where z is constant its slope can't be known:
    then a = 1 and b moves the constant to the observed rate.

    Notes
    -----
    Newton's method with step halving (Lin, Lin and Weng 2007). z is standardised while fitting, so that the ridge of 1e-10 on the
    Hessian means the same everywhere. The slope is held within ± 1,000 standardised units, where perfectly separated 0/1 targets
    would send it to infinity.
    """
    w = np.ones(len(z)) if weight is None else weight
    centre = float(np.average(z, weights=w))
    spread = float(np.sqrt(np.average((z - centre) ** 2, weights=w)))
    if slope is None and spread <= 1e-12 * max(1.0, abs(centre)):
        slope = 1.0
    if slope is not None:
        return slope, _newton(np.ones((len(z), 1)), target, w, offset=slope * z)[0]
    design = np.column_stack([(z - centre) / spread, np.ones(len(z))])
    a, b = _newton(design, target, w, offset=np.zeros(len(z)))
    return a / spread, b - a * centre / spread


def _newton(design: Vector, target: Vector, weight: Vector, *, offset: Vector) -> list[float]:
    beta = np.zeros(design.shape[1])
    loss = _loss(design, target, weight, offset, beta)
    for _ in range(_MAX_STEPS):
        p = expit(design @ beta + offset)
        gradient = design.T @ (weight * (p - target))
        hessian = (design * (weight * p * (1 - p))[:, None]).T @ design + _RIDGE * np.eye(len(beta))
        step = np.linalg.solve(hessian, gradient)
        step *= min(1.0, _LONGEST_STEP / max(np.abs(step).max(), 1e-300))
        size = 1.0
        while (candidate := _loss(design, target, weight, offset, beta - size * step)) > loss and size > 1e-10:
            size /= 2
        if candidate > loss:
            break
        beta, improved, loss = np.clip(beta - size * step, -1000.0, 1000.0), loss - candidate, candidate
        if np.abs(size * step).max() < 1e-12 or improved == 0.0:
            break
    return [float(b) for b in beta]


def _loss(design: Vector, target: Vector, weight: Vector, offset: Vector, beta: Vector) -> float:
    z = design @ beta + offset
    return float((weight * (np.logaddexp(0.0, z) - target * z)).sum())
