"""Section `stability`: would the same people get the same reasons, had the model been learnt again? (R-19)

Reasons of some test rows are compared, indicator by indicator, with those of the chosen kind of rung learnt again with another seed, and
from other people like those it learnt from. A reason that comes and goes with the draw is not one to build a conversation on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from features.records import Mask
from models.explanation import explain
from models.resampling import drawn_people
from models.rungs.ladder import get_rung
from models.rungs.rung import FitSettings, Rung
from training.evaluation.examined import Examined

Vector: TypeAlias = NDArray[np.float64]

ROWS = 200
"""Test rows whose reasons are compared."""
FEWEST_ROWS = 50
TOP = 3
MOST_TAUGHT = 20_000
"""Rows that the rungs to compare with learn from at most."""


def stability(examined: Examined) -> dict[str, Any]:
    """Compare reasons: explained twice, learnt with another seed, and learnt from people drawn again with replacement."""
    chosen = examined.experiment.chosen
    names = chosen.rung.feature_names
    rows = _compared(examined)
    if not names or chosen.name == "prevalence":
        return {"reason": "the chosen rung gives everybody the same score, and no reason"}
    if len(rows) < FEWEST_ROWS:
        return {"reason": f"fewer than {FEWEST_ROWS} test rows"}
    taught = _taught(examined)
    reference = _reasons(examined, chosen.rung, rows)
    other = examined.seed + 1
    seeded = _learn(examined, taught, replace(chosen.settings, seed=other))
    redrawn = _learn(examined, _redrawn(examined, taught, seed=other), chosen.settings)
    return {
        "n_rows": len(rows),
        "n_indicators": reference.shape[1],
        "top": TOP,
        "most_rows_taught": MOST_TAUGHT,
        "same_again": bool(np.array_equal(reference, _reasons(examined, chosen.rung, rows))),
        "other_seed": agreement(reference, _reasons(examined, seeded, rows)),
        "other_people": agreement(reference, _reasons(examined, redrawn, rows)),
    }


def agreement(one: Vector, other: Vector) -> dict[str, float]:
    """Say how far two sets of reasons agree, case by case.

    Parameters
    ----------
    one, other
        Contribution of each indicator to each row, shape (n_rows, n_indicators).

    Returns
    -------
    dict
        ``top_overlap``: share of the strongest three that are among the other's strongest three, mean over rows. ``top_direction``: share
        of the strongest three that point the same way. ``same_first``: share of rows whose strongest reason is the same. ``spearman``:
        rank correlation of the signed contributions, mean over rows; ``spearman_p10``: what one row in ten falls below. 1 is the most.

    Examples
    --------
    >>> reasons = np.array([[0.5, -0.3, 0.1, 0.0], [0.2, 0.4, -0.1, 0.0]])
    >>> agreement(reasons, 2 * reasons)["top_overlap"], agreement(reasons, -reasons)["top_direction"]
    (1.0, 0.0)
    """
    first, second = (_strongest(reasons) for reasons in (one, other))
    overlap = [np.intersect1d(a, b).size / len(a) for a, b in zip(first, second, strict=True)]
    same_way = np.take_along_axis(np.sign(one), first, axis=1) == np.take_along_axis(np.sign(other), first, axis=1)
    spearman = _spearman(one, other)
    return {
        "top_overlap": float(np.mean(overlap)),
        "top_direction": float(same_way.mean()),
        "same_first": float((first[:, 0] == second[:, 0]).mean()),
        "spearman": float(spearman.mean()),
        "spearman_p10": float(np.quantile(spearman, 0.1)),
    }


def _strongest(reasons: Vector) -> NDArray[np.intp]:
    """Places of the strongest reasons of each row, the strongest first; equals in the order of the columns."""
    return np.argsort(-np.abs(reasons), axis=1, kind="stable")[:, :TOP]


def _spearman(one: Vector, other: Vector) -> Vector:
    """Rank correlation of each pair of rows; 1 where neither varies, 0 where one does not."""
    ranks = [rankdata(reasons, axis=1) for reasons in (one, other)]
    a, b = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    flat = ((a**2).sum(axis=1) == 0) & ((b**2).sum(axis=1) == 0)
    return np.asarray(np.where(flat, 1.0, (a * b).sum(axis=1) / np.where(scale == 0, 1.0, scale)))


def _compared(examined: Examined) -> NDArray[np.float32]:
    """Columns of the chosen rung for some evenly spread test rows."""
    explained = examined.explained
    return explained[np.unique(np.linspace(0, len(explained) - 1, min(ROWS, len(explained))).astype(np.intp))]


def _reasons(examined: Examined, rung: Rung, rows: NDArray[np.float32]) -> Vector:
    """Contributions on the served log-odds, summed by indicator, shape (n_rows, n_indicators)."""
    phi = explain(rung, examined.experiment.chosen.calibrator, rows).phi
    codes, place = np.unique(_indicators(rung.feature_names), return_inverse=True)
    return np.asarray(phi @ (place[:, None] == np.arange(len(codes))).astype(np.float64))


def _indicators(names: Sequence[str]) -> NDArray[np.str_]:
    return np.array([name.partition(".")[0] for name in names])


def _taught(examined: Examined) -> NDArray[np.intp]:
    train: Mask = examined.experiment.split.train
    rows = np.flatnonzero(train)
    return rows[drawn_people(examined.experiment.table.rows.group[train], most_rows=MOST_TAUGHT, seed=examined.seed)]


def _redrawn(examined: Examined, taught: NDArray[np.intp], *, seed: int) -> NDArray[np.intp]:
    """Rows of as many people, drawn with replacement; somebody drawn twice teaches twice."""
    people, place = np.unique(examined.experiment.table.rows.group[taught], return_inverse=True)
    times = np.bincount(np.random.default_rng(seed).integers(0, len(people), len(people)), minlength=len(people))
    return np.repeat(taught, times[place])


def _learn(examined: Examined, rows: NDArray[np.intp], settings: FitSettings) -> Rung:
    table, chosen = examined.experiment.table, examined.experiment.chosen
    names, distinct = chosen.rung.feature_names, np.unique(rows)
    kept = np.zeros(len(table.label), dtype=np.bool_)
    kept[distinct] = True
    matrix = table.columns(names, kept)[np.searchsorted(distinct, rows)]
    return get_rung(chosen.name).fit(matrix, table.label[rows], feature_names=names, settings=settings)
