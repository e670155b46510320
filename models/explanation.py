"""The explanation interface of every rung: contributions that add up to the number that is served.

A rung's contributions φ sum to z − z₀ on its own log-odds. With a calibrator g the served log-odds is g(z), so each φ is multiplied by
(g(z) − g(z₀)) / (z − z₀), and the sum is g(z) − g(z₀).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from features.errors import ModelError
from models.calibration import Calibrator
from models.rungs.rung import Matrix, Rung

Vector: TypeAlias = NDArray[np.float64]

TOLERANCE = 1e-9
_SAME_POINT = 1e-10
"""Below this distance the quotient is all rounding; the derivative is nearer the truth."""


@dataclass(frozen=True, eq=False)
class Contributions:
    """Why the served log-odds of each row is what it is.

    Raises
    ------
    ModelError
        TID509 when they do not add up to within 1e-9: an explanation that is wrong is not shown.

    Notes
    -----
    Contributions say what moved the model's number, not what causes the outcome.
    """

    names: tuple[str, ...]
    """Feature names, one per column of `phi`."""
    phi: Vector
    """Contributions on the served log-odds, shape (n_rows, n_features)."""
    base: float
    """Served log-odds that they are measured from."""
    log_odds: Vector
    """Served log-odds, shape (n_rows,)."""

    def __post_init__(self) -> None:
        if self.phi.shape != (len(self.log_odds), len(self.names)):
            raise ModelError("TID509", f"contributions are {self.phi.shape}, expected {(len(self.log_odds), len(self.names))}.")
        worst = float(np.abs(self.gap).max(initial=0.0))
        if not worst < TOLERANCE:
            raise ModelError(
                "TID509",
                f"contributions miss the served log-odds by up to {worst:.1e}, "
                f"expected below {TOLERANCE:.0e}. Do not show them; report the model.",
            )

    @property
    def gap(self) -> Vector:
        """Difference between base plus contributions and the served log-odds, per row."""
        return np.asarray(self.base + self.phi.sum(axis=1) - self.log_odds)


def rescale(phi: Vector, z: Vector, z0: float, calibrator: Calibrator) -> Vector:
    """Bring contributions on a rung's log-odds to the served log-odds.

    Parameters
    ----------
    phi
        Shape (n_rows, n_features); each row sums to ``z - z0``.
    z
        The rung's log-odds, shape (n_rows,).
    z0
        The rung's base log-odds.

    Examples
    --------
    >>> from models.calibration import PlattCalibrator
    >>> rescale(np.array([[1.0, -0.5]]), np.array([0.5]), 0.0, PlattCalibrator(2.0, -1.0)).tolist()
    [[2.0, -1.0]]
    """
    start = np.full_like(z, z0)
    distance = z - start
    is_same = np.abs(distance) < _SAME_POINT
    rise = calibrator.log_odds(z) - calibrator.log_odds(start)
    factor = np.where(is_same, calibrator.slope(start), rise / np.where(is_same, 1.0, distance))
    return np.asarray(phi * factor[:, None])


def explain(rung: Rung, calibrator: Calibrator, matrix: Matrix) -> Contributions:
    """Explain the served log-odds of each row of a matrix whose columns follow the rung's.

    Raises
    ------
    ModelError
        TID509 when the contributions do not add up.
    """
    z, z0 = rung.log_odds(matrix), rung.base_log_odds
    base = float(calibrator.log_odds(np.array([z0]))[0])
    return Contributions(rung.feature_names, rescale(rung.contributions(matrix), z, z0, calibrator), base, calibrator.log_odds(z))
