"""Gates on how a model behaves when one thing about a person changes: a declared harm, a gap, the age.

Each question is put to test rows and to the project's pictures, so that it is asked where people are and where experts look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from features.declarations.catalogue import Catalogue
from features.findings import Evidence, Finding
from models.disclosure import says_missing
from models.explanation import explain
from models.reasons import build_reasons
from models.reference import Reference
from training.gates.pictures import TOLERANCE, AskedRung

Vector: TypeAlias = NDArray[np.float64]

PLACES = (0.0, 0.25, 0.5, 0.75, 0.95, 1.0)
"""Quantiles of the training rows that a feature is moved through."""
NEVER_MISSING = ("count", "sum", "distinct", "distinct_days")
"""Aggregations that are 0 where there is no record, by the engine's rules."""
AGE_CORRELATION = 0.9
"""Rank correlation with age within a stage from which on a feature is age by another name."""
ENOUGH_ROWS = 50
AGE_SPREAD_YEARS = 0.5
"""Between the 5th and the 95th percentile of a stage: with less there is no older and younger to tell apart."""


@dataclass(frozen=True)
class Moved:
    """How often the score went the wrong way, by feature."""

    n_moves: int
    wrong: tuple[str, ...]


def direction_gate(asked: Mapping[str, AskedRung], rows: Mapping[str, Vector], directions: Mapping[str, int]) -> Finding:
    """G-17: does more of a declared harm ever lower the score, on any rung of the ladder?

    Parameters
    ----------
    asked
        Rung -> what is asked of.
    rows
        Rung -> test rows and pictures in its columns, shape (n_rows, n_features).
    directions
        Feature -> +1 or -1, as declared in the catalogue.

    Notes
    -----
    Every feature with a direction is moved through the range of the training rows, everything else held. A gap is not part of the range:
    that is G-18.
    """
    title = "More of a declared harm never lowers the score"
    moved = {name: _move(one, rows[name], directions) for name, one in asked.items()}
    n_moves = sum(one.n_moves for one in moved.values())
    if not n_moves:
        return Finding("G-17", title, "NOT_APPLICABLE", {"reason": "no rung uses a feature with a declared direction"})
    evidence: dict[str, Evidence] = {"n_moves": n_moves, "n_rungs": sum(one.n_moves > 0 for one in moved.values())}
    evidence |= {f"failed_{name}": ", ".join(one.wrong) for name, one in moved.items() if one.wrong}
    return Finding("G-17", title, "FAILED" if any(one.wrong for one in moved.values()) else "PASSED", evidence)


def missing_gate(asked: AskedRung, rows: Vector, directions: Mapping[str, int], *, catalogue: Catalogue, reference: Reference) -> Finding:
    """G-18: does losing a value ever lower the score below the mildest known one, without the reasons saying that it is missing?

    Notes
    -----
    For every feature with a declared direction that can be missing, and for every indicator with one as a whole: the score without it is
    held against the score with the mildest value of the training rows. Lower than that is allowed only where a reader who may see nothing
    confidential is told that it is missing, in the list of what the model knows nothing about or as the reason's own value. That not being
    recorded may raise a score is a finding about services, and no fault.
    """
    title = "What is missing never lowers the score silently"
    units = list(_units(asked.names, directions))
    if not units:
        return Finding("G-18", title, "NOT_APPLICABLE", {"reason": "no feature with a declared direction can be missing"})
    lowered = {unit.name: _below_mildest(asked, rows, unit, directions) for unit in units}
    silent = [
        unit.name
        for unit in units
        if len(lowered[unit.name]) and not _is_said(asked, lowered[unit.name], unit, catalogue=catalogue, reference=reference)
    ]
    below = [name for name, found in lowered.items() if len(found)]
    evidence: dict[str, Evidence] = {
        "n_asked": len(units),
        "n_rows": len(rows),
        "n_below_the_mildest": len(below),
        "below_the_mildest": ", ".join(below),
        "silent": ", ".join(silent),
    }
    return Finding("G-18", title, "FAILED" if silent else "PASSED", evidence)


def age_gate(names: Sequence[str], matrix: NDArray[np.float32], age_years: Vector) -> Finding:
    """G-16: is any feature of the model age by another name? (R-16)

    Parameters
    ----------
    matrix
        Columns `names`, shape (n_rows, n_features).
    age_years
        Exact age on the as-of date, shape (n_rows,), NaN where unknown.

    Notes
    -----
    A model sees features alone, so that the same picture at two ages of one stage has one score, unless a feature tells the age. Within a
    stage a feature whose ranks follow age at 0.9 or more does; between stages it is the stages' models that differ.
    """
    title = "Age is no feature"
    known = np.flatnonzero(~np.isnan(age_years))
    spread = float(np.subtract(*np.quantile(age_years[known], [0.95, 0.05]))) if len(known) >= ENOUGH_ROWS else 0.0
    if spread < AGE_SPREAD_YEARS:
        return Finding("G-16", title, "NOT_APPLICABLE", {"reason": "too few ages are known, or all of the stage are of one age"})
    if not names:
        return Finding("G-16", title, "PASSED", {"n_features": 0})
    correlation = {name: _rank_correlation(matrix[known, place], age_years[known]) for place, name in enumerate(names)}
    suspects = [name for name, value in correlation.items() if abs(value) >= AGE_CORRELATION]
    strongest = max(correlation, key=lambda name: abs(correlation[name]))
    evidence: dict[str, Evidence] = {
        "n_features": len(names),
        "strongest": strongest,
        "rank_correlation": round(correlation[strongest], 4),
        "limit": AGE_CORRELATION,
        "features": ", ".join(suspects),
    }
    return Finding("G-16", title, "FAILED" if suspects else "PASSED", evidence)


def _move(asked: AskedRung, rows: Vector, directions: Mapping[str, int]) -> Moved:
    n_moves, wrong = 0, []
    for place, name in enumerate(asked.names):
        grid = _grid(asked.train[:, place])
        if directions.get(name, 0) and len(grid) > 1:
            steps = np.diff(_scores_at(asked, rows, place, grid), axis=0) * directions[name]
            n_moves += steps.size
            wrong += [name] if (steps < -TOLERANCE).any() else []
    return Moved(n_moves, tuple(wrong))


def _grid(column: NDArray[np.float32]) -> Vector:
    known = column[~np.isnan(column)].astype(np.float64)
    return np.unique(np.quantile(known, PLACES)) if len(known) else np.empty(0)


def _scores_at(asked: AskedRung, rows: Vector, place: int, grid: Vector) -> Vector:
    """Scores with one column at each value of the grid, shape (n_values, n_rows)."""
    moved = np.tile(rows, (len(grid), 1))
    moved[:, place] = np.repeat(grid, len(rows))
    return asked.score(moved).reshape(len(grid), len(rows))


@dataclass(frozen=True)
class _Unit:
    """What goes missing together: one feature, or every one of an indicator that has a direction."""

    name: str
    places: tuple[int, ...]
    indicator: str


def _units(names: Sequence[str], directions: Mapping[str, int]) -> Iterator[_Unit]:
    by_indicator: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if directions.get(name, 0) and _can_be_missing(name):
            by_indicator.setdefault(name.partition(".")[0], []).append(place)
    for code, places in by_indicator.items():
        yield from (_Unit(names[place], (place,), code) for place in places)
        if len(places) > 1:
            yield _Unit(code, tuple(places), code)


def _can_be_missing(name: str) -> bool:
    return name.partition(".")[2].partition("@")[0] not in NEVER_MISSING


def _below_mildest(asked: AskedRung, rows: Vector, unit: _Unit, directions: Mapping[str, int]) -> Vector:
    """Rows, the value taken out, whose score lies below the one with the mildest value, shape (n_found, n_features)."""
    mild, without = rows.copy(), rows.copy()
    for place in unit.places:
        grid = _grid(asked.train[:, place])
        if len(grid):
            mild[:, place] = grid[0] if directions[asked.names[place]] > 0 else grid[-1]
    without[:, list(unit.places)] = np.nan
    return without[asked.score(without) < asked.score(mild) - TOLERANCE]


def _is_said(asked: AskedRung, rows: Vector, unit: _Unit, *, catalogue: Catalogue, reference: Reference) -> bool:
    """Whether in every row the reasons tell a reader of no service that the indicator is not known."""
    phi = explain(asked.rung, asked.calibrator, rows).phi
    return all(
        says_missing(build_reasons(catalogue, asked.names, of_row, row, reference), unit.indicator)
        for of_row, row in zip(phi, rows, strict=True)
    )


def _rank_correlation(values: NDArray[np.float32], age: Vector) -> float:
    """Spearman's rho over rows where the value is known; 0 where there are too few or it does not vary."""
    known = ~np.isnan(values)
    if known.sum() < ENOUGH_ROWS or np.ptp(values[known]) == 0 or np.ptp(age[known]) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(values[known]), rankdata(age[known]))[0, 1])
