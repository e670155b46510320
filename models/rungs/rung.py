"""The one interface of every model on the ladder.

A rung turns a float matrix into log-odds and says, for each row, which columns moved it: contributions that add up to the log-odds
exactly. Nothing above this interface knows whether a rung is a prevalence, a rule list, a line or a forest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from features.errors import DataError, ModelError

Matrix: TypeAlias = NDArray[np.float32] | NDArray[np.float64]
Vector: TypeAlias = NDArray[np.float64]


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

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Columns of every matrix, in order."""

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


@dataclass(frozen=True)
class FitSettings:
    """What fitting may depend on beside the data.

    Examples
    --------
    >>> FitSettings(seed=1, directions={"edu_absence_days.sum@365d": 1}).num_threads
    1
    """

    seed: int
    directions: Mapping[str, int] = field(default_factory=dict)
    """Feature name -> +1 (raises), -1 (lowers); features not named are free."""
    boosted: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    """LightGBM parameters; ``num_boost_round`` is the number of trees."""
    rules: Mapping[str, str] = field(default_factory=dict)
    """Name -> ``feature >= number``, for the rules rung."""
    area_feature: str | None = None
    """Column that holds the area's number, for the area rung."""
    strength: float | None = None
    """Inverse penalty of the line, where it is known already; None lets the line choose it by cross-validation."""
    num_threads: int = 1
    """Threads of LightGBM; the model does not depend on it."""


def check_trainable(matrix: Matrix, label: Vector, feature_names: tuple[str, ...]) -> None:
    """Refuse rows that no rung can learn from.

    Raises
    ------
    DataError
        TID401 when shapes disagree, a label is not 0 or 1, or there is only one class.
    """
    if matrix.shape != (len(label), len(feature_names)):
        raise DataError(
            "TID401",
            f"the training matrix is {matrix.shape[0]} × {matrix.shape[1]}, expected {len(label)} labels × {len(feature_names)} columns.",
        )
    check_outcomes(label, n_rows=len(matrix))


def check_outcomes(label: Vector, *, n_rows: int) -> None:
    """Refuse labels that nothing can be learned from.

    Raises
    ------
    DataError
        TID401 when their number is another, one is not 0 or 1, or there is only one class.
    """
    if len(label) != n_rows:
        raise DataError("TID401", f"there are {n_rows} training rows and {len(label)} labels. Expected one for each.")
    n_zero, n_one = int(np.count_nonzero(label == 0)), int(np.count_nonzero(label == 1))
    if n_zero + n_one != len(label):
        raise DataError("TID401", f"{len(label) - n_zero - n_one} of {len(label)} labels are neither 0 nor 1. Leave out unknown outcomes.")
    if min(n_zero, n_one) == 0:
        raise DataError("TID401", f"all {len(label)} training rows have the same outcome. Nothing can be learnt: check outcome and split.")


def column_index(feature_names: tuple[str, ...], name: str, *, needed_by: str) -> int:
    """Position of a needed column.

    Raises
    ------
    DataError
        TID401 when it is missing.
    """
    if name not in feature_names:
        raise DataError("TID401", f"column {name} is missing; {needed_by} needs it. Declare the feature, or build the features again.")
    return feature_names.index(name)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file whose bytes depend on the content alone; floats survive the round trip exactly."""
    path.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    ModelError
        TID501 when the file is missing or is not a JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError("TID501", f"{path} can't be read as JSON ({type(error).__name__}). Restore it, or train again.") from error
    if not isinstance(content, dict):
        raise ModelError("TID501", f"{path} is not a JSON object. Restore it, or train again.")
    return content
