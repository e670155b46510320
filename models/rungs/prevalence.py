"""First rung: everybody gets the prevalence. What no model may be worse than."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from scipy.special import logit

from models.rungs.rung import FitSettings, Matrix, Vector, check_trainable, read_json, write_json


@dataclass(frozen=True)
class PrevalenceRung:
    """Log-odds of the training prevalence, for all alike."""

    feature_names: tuple[str, ...]
    base_log_odds: float
    name: ClassVar[str] = "prevalence"

    @classmethod
    def fit(cls, matrix: Matrix, label: Vector, *, feature_names: tuple[str, ...], settings: FitSettings) -> Self:
        """Learn the share of ones; `settings` changes nothing.

        Raises
        ------
        DataError
            TID401 when there is only one class.
        """
        check_trainable(matrix, label, feature_names)
        return cls(feature_names, float(logit(label.mean())))

    def log_odds(self, matrix: Matrix) -> Vector:
        """Return the same log-odds for every row."""
        return np.full(len(matrix), self.base_log_odds)

    def contributions(self, matrix: Matrix) -> Vector:
        """Return zeros: nothing about a person moves this rung."""
        return np.zeros(matrix.shape)

    def save(self, folder: Path) -> None:
        """Write `prevalence.json`."""
        write_json(folder / "prevalence.json", {"feature_names": self.feature_names, "base_log_odds": self.base_log_odds})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read `prevalence.json`."""
        content = read_json(folder / "prevalence.json")
        return cls(tuple(content["feature_names"]), float(content["base_log_odds"]))
