"""Section `importance`: which indicators and sectors move the served number most, over many people; never what moved one of them.

What is told is the mean size of an indicator's contribution to the log-odds, as hundredths of all of them. A size without a sign says how
much, not in which direction, and a large one makes no cause of an indicator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.small_cells import SMALLEST_CELL
from models.explanation import explain
from models.resampling import drawn_people
from training.evaluation.examined import Examined

Vector = NDArray[np.float64]

MOST_ROWS = 1000
"""People of the test whose contributions are measured; more of them change no figure by much."""
MOST_TOLD = 15
_DIGITS = 9
"""Contributions of people with the same values differ by rounding alone."""


def importance(examined: Examined) -> dict[str, Any]:
    """Measure what moves the chosen rung, by indicator and by sector."""
    rung, experiment = examined.experiment.chosen.rung, examined.experiment
    if not rung.feature_names:
        return {"reason": "the chosen rung gives everybody the same score, and no reason", "indicators": [], "sectors": []}
    kept = drawn_people(experiment.test_person, most_rows=MOST_ROWS, seed=examined.seed)
    rows = experiment.table.columns(rung.feature_names, experiment.split.test)[kept]
    phi = explain(rung, experiment.chosen.calibrator, rows).phi
    by_indicator = _summed(phi, [name.partition(".")[0] for name in rung.feature_names])
    declared, sector_of = examined.project.catalogue.declared, examined.project.catalogue.sector_of
    known = {code: column for code, column in by_indicator.items() if code in declared}
    by_sector = _summed(np.stack(list(known.values()), axis=1), [sector_of(code).value for code in known]) if known else {}
    return {
        "n_rows": int(kept.sum()),
        "reason": "",
        "indicators": _hundredths(told_sizes(by_indicator, most=MOST_TOLD)),
        "sectors": _hundredths(told_sizes(by_sector, most=MOST_TOLD)),
    }


def told_sizes(contributions: Mapping[str, Vector], *, most: int) -> dict[str | None, float]:
    """Choose whose mean size may be told by itself, the largest first; the rest together, under None.

    A contribution that one to four people have and the others do not would tell of those (R-09): with the model in hand its mean size is
    their number. Such ones are told together with others, so many that at least five people stand behind what is told.

    Parameters
    ----------
    contributions
        Name -> contribution to each row's log-odds, shape (n_rows,).

    Examples
    --------
    >>> flag = np.r_[np.ones(30), np.zeros(70)]
    >>> told_sizes({"absence": flag, "rare": np.r_[np.ones(2), np.zeros(98)]}, most=15)
    {None: 0.32}
    >>> told_sizes({"absence": flag, "grades": 2 * flag}, most=15)
    {'grades': 0.6, 'absence': 0.3}
    """
    sizes = {name: float(np.abs(column).mean()) for name, column in contributions.items()}
    moved = {name: _moved(column) for name, column in contributions.items()}
    order = sorted((name for name in sizes if sizes[name] > 0), key=lambda name: (-sizes[name], name))
    told = [name for name in order if _is_enough(moved[name])][:most]
    rest = [name for name in order if name not in told]
    while told and rest and not _is_enough(np.logical_or.reduce([moved[name] for name in rest])):
        rest.append(told.pop())
    if rest and not _is_enough(np.logical_or.reduce([moved[name] for name in rest])):
        return {}
    found: dict[str | None, float] = {name: sizes[name] for name in told}
    return found | ({None: sum(sizes[name] for name in rest)} if rest else {})


def _moved(column: Vector) -> NDArray[np.bool_]:
    """Which rows have another contribution than most have."""
    values, counts = np.unique(np.round(column, _DIGITS), return_counts=True)
    return np.asarray(np.round(column, _DIGITS) != values[np.argmax(counts)])


def _is_enough(moved: NDArray[np.bool_]) -> bool:
    return int(moved.sum()) >= SMALLEST_CELL


def _summed(phi: Vector, names: list[str]) -> dict[str, Vector]:
    """Sum columns of the same name."""
    unique, place = np.unique(np.array(names), return_inverse=True)
    sums = phi @ (place[:, None] == np.arange(len(unique))).astype(np.float64)
    return {str(name): sums[:, number] for number, name in enumerate(unique)}


def _hundredths(sizes: Mapping[str | None, float]) -> list[dict[str, Any]]:
    """Write sizes as whole hundredths of all of them."""
    total = sum(sizes.values())
    return [{"name": name, "of_100": round(100 * size / total)} for name, size in sizes.items()]
