"""Logistic regression on one number, by Newton's method: what calibrating and measuring calibration have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Vector = NDArray[np.float64]

_RIDGE = 1e-10
_MAX_STEPS = 100
_LONGEST_STEP = 5.0


def fit_line(
    z: Vector, target: Vector, *, weight: Vector | None = None, slope: float | None = None, prior_precision: float = 0.0
) -> tuple[float, float]:
    """Fit ``P = 1 / (1 + exp(-(a z + b)))`` by maximum likelihood and return (a, b).

    Targets may lie between 0 and 1 (Platt's smoothed ones). With `slope` only b is fitted. Where z is constant its slope can't be known:
    then a = 1 and b moves the constant to the observed rate.

    Parameters
    ----------
    prior_precision
        Weight of the belief that a is near 1, as ``prior_precision / 2 * (a - 1)²`` on the loss.

    Notes
    -----
    Newton's method with step halving (Lin, Lin and Weng 2007). z is standardised while fitting. The slope is held within ± 1,000
    standardised units, where perfectly separated 0/1 targets would send it to infinity.
    """
    w = np.ones(len(z)) if weight is None else weight
    centre = float(np.average(z, weights=w))
    spread = float(np.sqrt(np.average((z - centre) ** 2, weights=w)))
    if slope is None and spread <= 1e-12 * max(1.0, abs(centre)):
        slope = 1.0
    if slope is not None:
        return slope, _newton(_Problem(np.ones((len(z), 1)), target, w, slope * z, np.zeros(1), np.full(1, _RIDGE)))[0]
    design = np.column_stack([(z - centre) / spread, np.ones(len(z))])
    precision = np.array([_RIDGE + prior_precision / spread**2, _RIDGE])
    a, b = _newton(_Problem(design, target, w, np.zeros(len(z)), np.array([spread, 0.0]), precision))
    return a / spread, b - a * centre / spread


@dataclass(frozen=True, eq=False)
class _Problem:
    design: Vector
    target: Vector
    weight: Vector
    offset: Vector
    centre: Vector
    precision: Vector

    def loss(self, beta: Vector) -> float:
        z = self.design @ beta + self.offset
        penalty = 0.5 * (self.precision * (beta - self.centre) ** 2).sum()
        return float((self.weight * (np.logaddexp(0.0, z) - self.target * z)).sum() + penalty)

    def step(self, beta: Vector) -> Vector:
        p = expit(self.design @ beta + self.offset)
        gradient = self.design.T @ (self.weight * (p - self.target)) + self.precision * (beta - self.centre)
        hessian = (self.design * (self.weight * p * (1 - p))[:, None]).T @ self.design + np.diag(self.precision)
        step = np.linalg.solve(hessian, gradient)
        return np.asarray(step * min(1.0, _LONGEST_STEP / max(float(np.abs(step).max()), 1e-300)))


def _newton(problem: _Problem) -> list[float]:
    beta = np.zeros(problem.design.shape[1])
    loss = problem.loss(beta)
    for _ in range(_MAX_STEPS):
        step = problem.step(beta)
        while (candidate := problem.loss(beta - step)) > loss and np.abs(step).max() > 1e-12:
            step = step / 2
        if candidate >= loss:
            break
        beta, loss = np.clip(beta - step, -1000.0, 1000.0), candidate
    return [float(b) for b in beta]
