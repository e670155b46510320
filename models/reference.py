"""What is typical among the rows a model learnt from: aggregates only, nothing from fewer than five people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.small_cells import SMALLEST_CELL
from models.rungs.rung import Matrix


@dataclass(frozen=True)
class Typical:
    """One feature among the people of the same stage. None where fewer than five values are known."""

    median: float | None
    lower_quarter: float | None
    upper_quarter: float | None
    mean: float | None
    """For a level of a category: the share of people who have it."""
    missing_share: float
    """Share of rows without a value; counts under five are rounded to none or all."""


@dataclass(frozen=True)
class Reference:
    """Typical values of every feature of a model, from its training rows."""

    n_rows: int
    typical: Mapping[str, Typical]

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return {"n_rows": self.n_rows, "typical": {name: asdict(typical) for name, typical in self.typical.items()}}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Reference:
        """Read what `to_json` wrote."""
        return cls(int(content["n_rows"]), {name: Typical(**values) for name, values in content["typical"].items()})


def fit_reference(matrix: Matrix, feature_names: tuple[str, ...]) -> Reference:
    """Learn typical values from training rows, one column at a time."""
    return Reference(len(matrix), {name: _typical(matrix[:, j].astype(np.float64)) for j, name in enumerate(feature_names)})


def _typical(column: NDArray[np.float64]) -> Typical:
    known = column[~np.isnan(column)]
    n_missing = len(column) - len(known)
    if len(known) < SMALLEST_CELL:
        return Typical(None, None, None, None, 1.0)
    lower, median, upper = (float(q) for q in np.quantile(known, [0.25, 0.5, 0.75]))
    share = n_missing / len(column) if n_missing >= SMALLEST_CELL else 0.0
    return Typical(median, lower, upper, _mean(known), share)


def _mean(known: NDArray[np.float64]) -> float:
    """Mean; for a flag or level, held by or lacking in fewer than five people, none or all."""
    if not np.isin(known, (0.0, 1.0)).all():
        return float(known.mean())
    n_ones = int(known.sum())
    if min(n_ones, len(known) - n_ones) < SMALLEST_CELL:
        return float(round(known.mean()))
    return float(known.mean())
