"""The regression of `models.newton` on many resamples of the same rows at once: each draw is a row of weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Vector = NDArray[np.float64]

_RIDGE = 1e-10
_MAX_STEPS = 50
_MAX_HALVINGS = 12
_LONGEST_STEP = 5.0
_CLOSE = 1e-9


def fit_draws(design: Vector, target: Vector, weights: Vector, *, offset: Vector | None = None) -> Vector:
    """Fit ``P = 1 / (1 + exp(-(design @ beta + offset)))`` by maximum likelihood, once for each row of weights.

    Parameters
    ----------
    design
        Columns on comparable scales, a constant among them, shape (n_rows, n_columns).
    target
        0/1 or between, shape (n_rows,).
    weights
        How often each row counts in each draw, shape (n_draws, n_rows).

    Returns
    -------
    beta, shape (n_draws, n_columns); NaN where a draw holds one outcome only.

    Notes
    -----
    Newton's method with step halving, as `models.newton.fit_line`, which it equals draw by draw (property-tested). All Hessians come from
    one matrix product, which is why two hundred resamples cost little more than five.
    """
    shift = np.zeros(len(design)) if offset is None else offset
    # Every draw lies near the rows themselves: beginning there takes a third of the steps that beginning at nothing would.
    near = _solve(_Draws(design, target, np.ones((1, len(design))), shift), np.zeros((1, design.shape[1])))
    beta = _solve(_Draws(design, target, weights, shift), np.repeat(near, len(weights), axis=0))
    ones, total = weights @ target, weights.sum(axis=1)
    beta[(ones <= 0) | (ones >= total)] = np.nan
    return beta


def _solve(problem: _Draws, beta: Vector) -> Vector:
    loss = problem.loss(beta)
    for _ in range(_MAX_STEPS):
        beta, new_loss = _descend(problem, beta, loss, problem.step(beta))
        done = float((loss - new_loss).max(initial=0.0)) < _CLOSE
        loss = new_loss
        if done:
            break
    return beta


@dataclass(frozen=True, eq=False)
class _Draws:
    design: Vector
    target: Vector
    weights: Vector
    offset: Vector

    def loss(self, beta: Vector) -> Vector:
        z = beta @ self.design.T + self.offset
        return np.asarray((self.weights * (np.logaddexp(0.0, z) - self.target * z)).sum(axis=1) + 0.5 * _RIDGE * (beta**2).sum(axis=1))

    def step(self, beta: Vector) -> Vector:
        k = self.design.shape[1]
        p = expit(beta @ self.design.T + self.offset)
        gradient = (self.weights * (p - self.target)) @ self.design + _RIDGE * beta
        products = (self.design[:, :, None] * self.design[:, None, :]).reshape(len(self.design), k * k)
        hessian = ((self.weights * p * (1 - p)) @ products).reshape(-1, k, k) + _RIDGE * np.eye(k)
        step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
        longest = np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-300)
        return np.asarray(step * np.minimum(1.0, _LONGEST_STEP / longest))


def _descend(problem: _Draws, beta: Vector, loss: Vector, step: Vector) -> tuple[Vector, Vector]:
    """Take each draw's step, halved until it does not climb; a draw that can't get lower stays where it is."""
    candidate = beta - step
    new_loss = problem.loss(candidate)
    for _ in range(_MAX_HALVINGS):
        # At the bottom the last digits climb and fall by chance; that is no reason to halve.
        worse = new_loss > loss + _CLOSE * (1.0 + np.abs(loss)) / 100
        if not worse.any():
            break
        step = np.where(worse[:, None], step / 2, step)
        candidate = beta - step
        new_loss = problem.loss(candidate)
    better = new_loss <= loss
    return np.where(better[:, None], candidate, beta), np.where(better, new_loss, loss)
