"""Second rung: where a person lives or goes to school, and nothing else.

If this finds as many as a model of individuals does, visiting the areas is the gentler way.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from scipy.special import betaln, logit

from features.errors import DataError
from features.small_cells import SMALLEST_CELL
from models.rungs.rung import FitSettings, Matrix, Vector, check_trainable, column_index, read_json, write_json


@dataclass(frozen=True, eq=False)
class AreaRung:
    """Log-odds of each area's rate, drawn towards the overall rate where the area is small.

    Notes
    -----
    Beta-binomial empirical Bayes: ``(ones + s p) / (rows + s)`` with overall rate p and s the strength that makes the areas'
    counts most likely. An area that is missing, new or under five training rows gets the overall rate.
    """

    feature_names: tuple[str, ...]
    area_feature: str
    base_log_odds: float
    areas: Vector
    """Numbers of the areas, ascending, shape (n_areas,)."""
    area_log_odds: Vector
    """Log-odds of each, shape (n_areas,)."""
    strength: float
    """Rows' worth of belief in the overall rate."""
    name: ClassVar[str] = "area"

    @classmethod
    def fit(cls, matrix: Matrix, label: Vector, *, feature_names: tuple[str, ...], settings: FitSettings) -> Self:
        """Learn the rate of every area in the column `settings.area_feature`.

        Raises
        ------
        DataError
            TID401 when the column is not named or missing, or there is only one class.
        """
        check_trainable(matrix, label, feature_names)
        if settings.area_feature is None:
            raise DataError(
                "TID401", "the area rung needs `area_feature`, the column with the area's number. Name it, or leave the rung out."
            )
        column = matrix[:, column_index(feature_names, settings.area_feature, needed_by="the area rung")].astype(np.float64)
        areas, rows, ones = _counts(column, label)
        overall = float(label.mean())
        strength = _fit_strength(rows, ones, overall)
        # Areas with fewer training rows get the overall rate: their own would be about someone.
        kept = rows >= SMALLEST_CELL
        rates = (ones[kept] + strength * overall) / (rows[kept] + strength)
        return cls(feature_names, settings.area_feature, float(logit(overall)), areas[kept], logit(rates), strength)

    def log_odds(self, matrix: Matrix) -> Vector:
        """Log-odds of each row's area."""
        return self.base_log_odds + self._deviation(matrix)

    def contributions(self, matrix: Matrix) -> Vector:
        """Return the whole deviation from the overall rate on the area's column."""
        phi = np.zeros(matrix.shape)
        phi[:, self.feature_names.index(self.area_feature)] = self._deviation(matrix)
        return phi

    def _deviation(self, matrix: Matrix) -> Vector:
        column = matrix[:, self.feature_names.index(self.area_feature)].astype(np.float64)
        if len(self.areas) == 0:
            return np.zeros(len(column))
        place = np.clip(np.searchsorted(self.areas, column), 0, len(self.areas) - 1)
        return np.asarray(np.where(self.areas[place] == column, self.area_log_odds[place] - self.base_log_odds, 0.0))

    def save(self, folder: Path) -> None:
        """Write `area.json`."""
        content = {
            "feature_names": self.feature_names,
            "area_feature": self.area_feature,
            "base_log_odds": self.base_log_odds,
            "areas": self.areas.tolist(),
            "area_log_odds": self.area_log_odds.tolist(),
            "strength": self.strength,
        }
        write_json(folder / "area.json", content)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read `area.json`."""
        content = read_json(folder / "area.json")
        return cls(
            tuple(content["feature_names"]),
            content["area_feature"],
            float(content["base_log_odds"]),
            np.array(content["areas"], dtype=np.float64),
            np.array(content["area_log_odds"], dtype=np.float64),
            float(content["strength"]),
        )


def _counts(column: Vector, label: Vector) -> tuple[Vector, Vector, Vector]:
    """Areas, rows of each, ones of each; rows without an area count nowhere."""
    known = ~np.isnan(column)
    areas, codes = np.unique(column[known], return_inverse=True)
    rows = np.bincount(codes, minlength=len(areas)).astype(np.float64)
    ones = np.bincount(codes, weights=label[known], minlength=len(areas)).astype(np.float64)
    return areas, rows, ones


def _fit_strength(rows: Vector, ones: Vector, overall: float) -> float:
    """Prior strength that makes the areas' counts most likely, between 1 and 100,000 rows' worth."""
    if len(rows) < 2:
        return 1e5
    from scipy.optimize import minimize_scalar  # here, since a service that answers fits nothing

    def unlikeliness(log_strength: float) -> float:
        a, b = np.exp(log_strength) * overall, np.exp(log_strength) * (1 - overall)
        return float(-(betaln(ones + a, rows - ones + b) - betaln(a, b)).sum())

    found = minimize_scalar(unlikeliness, bounds=(0.0, float(np.log(1e5))), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))
