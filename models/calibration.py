"""From a ranker's log-odds to log-odds that mean what they say.

Calibrators are fitted on predictions forward in time (fit on earlier periods, predict later ones), and never turn the order around.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from features.errors import DataError, ModelError
from models.newton import fit_line

Vector: TypeAlias = NDArray[np.float64]


class Calibrator(Protocol):
    """A monotone function g from a rung's log-odds z to the served log-odds."""

    name: ClassVar[str]

    def log_odds(self, z: Vector) -> Vector:
        """Served log-odds g(z)."""

    def slope(self, z: Vector) -> Vector:
        """Derivative g′(z), never negative."""

    def to_json(self) -> dict[str, Any]:
        """What `load_calibrator` reads."""


@dataclass(frozen=True)
class IdentityCalibrator:
    """Serve the log-odds as they are: for rungs whose probabilities are rates already."""

    name: ClassVar[str] = "identity"

    def log_odds(self, z: Vector) -> Vector:
        """Return z."""
        return z

    def slope(self, z: Vector) -> Vector:
        """Return ones."""
        return np.ones_like(z)

    def to_json(self) -> dict[str, Any]:
        """Name only."""
        return {"calibrator": self.name}


@dataclass(frozen=True)
class PlattCalibrator:
    """Serve ``a z + b``.

    Notes
    -----
    Platt 1999, with the numerically careful fit of Lin, Lin and Weng 2007. Two numbers can't overfit a calibration period of a few
    hundred people, and a straight line on the log-odds scales every reason of every case by the same factor. The slope has a prior of
    mean and deviation 1: it decides nothing where scores vary, and keeps noise from being stretched where they hardly do.

    Examples
    --------
    >>> PlattCalibrator(slope_a=0.5, intercept_b=-1.0).log_odds(np.array([0.0, 2.0])).tolist()
    [-1.0, 0.0]
    """

    slope_a: float
    intercept_b: float
    name: ClassVar[str] = "platt"

    def __post_init__(self) -> None:
        if not self.slope_a > 0 or not np.isfinite(self.slope_a + self.intercept_b):
            raise ModelError(
                "TID506",
                f"the calibration slope is {self.slope_a:.3f}, expected above 0: the ranking learnt on earlier periods "
                "does not carry forward. Use a simpler rung, or find out what changed between the periods.",
            )

    @classmethod
    def fit(cls, z: Vector, label: Vector) -> PlattCalibrator:
        """Learn a and b from predictions `z` (log-odds) made forward in time, with what happened (0/1).

        Raises
        ------
        DataError
            TID403 when only one outcome occurs.
        ModelError
            TID506 when the slope is not positive.
        """
        n_one, n_zero = int((label == 1).sum()), int((label == 0).sum())
        if min(n_one, n_zero) == 0:
            raise DataError("TID403", f"the calibration period has {n_one} ones and {n_zero} zeros, expected some of both. Make it longer.")
        target = np.where(label == 1, (n_one + 1) / (n_one + 2), 1 / (n_zero + 2))
        a, b = fit_line(z, target, prior_precision=1.0)
        return cls(a, b)

    def log_odds(self, z: Vector) -> Vector:
        """Return a z + b."""
        return self.slope_a * z + self.intercept_b

    def slope(self, z: Vector) -> Vector:
        """Return a, once per value."""
        return np.full_like(z, self.slope_a)

    def to_json(self) -> dict[str, Any]:
        """Name, a and b."""
        return {"calibrator": self.name, "a": self.slope_a, "b": self.intercept_b}


def load_calibrator(content: Mapping[str, Any]) -> Calibrator:
    """Build the calibrator that `to_json` described.

    Raises
    ------
    ModelError
        TID510 when its name is not known here.
    """
    name = content.get("calibrator")
    if name == IdentityCalibrator.name:
        return IdentityCalibrator()
    if name == PlattCalibrator.name:
        return PlattCalibrator(float(content["a"]), float(content["b"]))
    raise ModelError(
        "TID510", f"the bundle names the calibrator {name!r}, expected identity or platt. It was made by another version: train again."
    )
