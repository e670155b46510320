"""Pictures of a person as a model sees them, and the gate on their order.

A picture names a few features; the rest is typical for the stage, so that two pictures differ in what they say and in nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.declarations.catalogue import Catalogue
from features.declarations.expectations import Expectations, Pair, Picture
from features.findings import Evidence, Finding
from models.calibration import Calibrator
from models.rungs.rung import Matrix, Rung

Vector = NDArray[np.float64]

TOLERANCE = 1e-9
"""Of the served log-odds: what summing in another order may change."""


@dataclass(frozen=True, eq=False)
class AskedRung:
    """A rung as it would serve, for questions about single pictures.

    Attributes
    ----------
    train
        Columns of the rung for rows it was fitted on, shape (n_rows, n_features); typical values and ranges come from these.
    """

    rung: Rung
    calibrator: Calibrator
    train: NDArray[np.float32]

    @property
    def names(self) -> tuple[str, ...]:
        """Features in the order of the columns."""
        return self.rung.feature_names

    def score(self, matrix: Matrix) -> Vector:
        """Served log-odds, shape (n_rows,)."""
        return self.calibrator.log_odds(self.rung.log_odds(matrix))


def typical_row(names: Sequence[str], train: NDArray[np.float32]) -> Vector:
    """Give the median of each column, NaN where most rows have no value; of a category its commonest level.

    Examples
    --------
    >>> names = ("days.sum@365d", "programme.last@ever=a", "programme.last@ever=b", "points.last@ever")
    >>> rows = np.array([[1, 0, 1, np.nan], [5, 0, 1, np.nan], [9, 1, 0, 40]], dtype=np.float32)
    >>> typical_row(names, rows).tolist()
    [5.0, 0.0, 1.0, nan]
    """
    n_known = (~np.isnan(train)).sum(axis=0)
    typical = np.full(len(names), np.nan)
    mostly = 2 * n_known > len(train)
    typical[mostly] = np.nanmedian(train[:, mostly].astype(np.float64), axis=0)
    for places in _categories(names):
        if mostly[places].all():
            typical[places] = 0.0
            typical[places[int(np.argmax(np.nanmean(train[:, places], axis=0)))]] = 1.0
    return typical


def picture_rows(asked: AskedRung, expectations: Expectations, pictures: Sequence[Picture], catalogue: Catalogue) -> dict[str, Vector]:
    """Give each of these pictures as a row of the rung's columns."""
    typical = typical_row(asked.names, asked.train)
    return {one.name: with_values(asked.names, typical, expectations.values_of(one.name, catalogue)) for one in pictures}


def with_values(names: Sequence[str], row: Vector, values: Mapping[str, float]) -> Vector:
    """Put values into a copy of a row; those that the rung does not use are left out."""
    changed = row.copy()
    for place, name in enumerate(names):
        if name in values:
            changed[place] = values[name]
    return changed


def picture_gate(asked: AskedRung, rows: Mapping[str, Vector], pairs: Sequence[Pair], *, suite: str) -> Finding:
    """G-15: does any picture rank below one that it is declared graver than?

    Parameters
    ----------
    rows
        Picture -> its row.
    suite
        Digest of the declared expectations, for the evidence.

    Notes
    -----
    Equal is allowed: a rung that does not look at what sets two pictures apart says nothing false. How many are equal is told.
    """
    title = "A graver picture never ranks below a milder one"
    if not pairs:
        return Finding(
            "G-15", title, "NOT_APPLICABLE", {"reason": "the project's expectations.toml declares no pair for this stage and outcome"}
        )
    scores = dict(zip(rows, asked.score(np.stack(list(rows.values()))), strict=True))
    margins = {pair: scores[pair.graver] - scores[pair.milder] for pair in pairs}
    failed = [pair for pair, margin in margins.items() if margin < -TOLERANCE]
    evidence: dict[str, Evidence] = {
        "n_pictures": len(rows),
        "n_pairs": len(pairs),
        "n_equal": sum(1 for margin in margins.values() if abs(margin) <= TOLERANCE),
        "n_failed": len(failed),
        "failed": "; ".join(str(pair) for pair in failed),
        "suite_sha256": suite[:16],
    }
    return Finding("G-15", title, "FAILED" if failed else "PASSED", evidence)


def _categories(names: Sequence[str]) -> list[NDArray[np.intp]]:
    """Places of the levels of each category whose levels exclude each other."""
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        feature, is_level, _ = name.partition("=")
        if is_level and ".share_of_time@" not in feature:
            found.setdefault(feature, []).append(place)
    return [np.array(places, dtype=np.intp) for places in found.values()]
