"""The one interface of every model on the ladder.

A rung turns a float matrix into log-odds and says, for each row, which columns moved it: contributions that add up to the log-odds
exactly. Nothing above this interface knows whether a rung is a prevalence, a rule list, a line or a forest.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32] | NDArray[np.float64]
Vector = NDArray[np.float64]


@runtime_checkable
class Rung(Protocol):
    """A fitted model on the ladder.

    Notes
    -----
    For every row ``base_log_odds + contributions(matrix)[row].sum() == log_odds(matrix)[row]`` up to 1e-9. Columns follow `feature_names`;
    NaN is missing. Files are text and JSON only: no rung can run code when it is loaded.
    """

    name: ClassVar[str]
    """Stable name: prevalence, area, rules, logistic, boosted."""

    feature_names: tuple[str, ...]

    @property
    def base_log_odds(self) -> float:
        """Log-odds that contributions are measured from."""

    def log_odds(self, matrix: Matrix) -> Vector:
        """Log-odds of the outcome, shape (n_rows,)."""

    def contributions(self, matrix: Matrix) -> Vector:
        """Additive contributions on the log-odds, shape (n_rows, n_features)."""

    def save(self, folder: Path) -> None:
        """Write text and JSON files into an existing folder."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""


class FittableRung(Protocol):
    """How a rung comes to be."""

    @classmethod
    def fit(cls, matrix: Matrix, label: Vector, *, feature_names: tuple[str, ...], settings: FitSettings) -> Rung:
        """Learn from rows with a 0/1 label.

        Raises
        ------
        DataError
            TID401 when there is only one class or a needed column is missing.
        """


class FitSettings(Protocol):
    """What fitting may depend on beside the data."""

    seed: int
    directions: dict[str, int]
    """Feature name -> +1 (raises), -1 (lowers); features not named are free."""
    boosted: dict[str, float | int | str | bool]
    rules: dict[str, str]
    area_feature: str | None
    """Column that holds the area's number, for the area rung."""
