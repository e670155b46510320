"""Section `held_out_areas`: does the model hold in a municipality that it has learnt nothing from?

A split in time tests on the same places that taught. Here the chosen rung is learnt anew without some municipalities, and tested on those,
later in time: what a municipality that joins may expect (R-14).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from features.records import Mask
from features.small_cells import SMALLEST_CELL
from models import metrics
from models.resampling import RANKING_METRICS, resample
from training.evaluation.examined import Examined
from training.evaluation.relearning import MOST_TAUGHT, learn_anew
from training.evaluation.rows import MeasuredRows
from training.evaluation.told_capacity import WITHHELD, at_capacity, can_tell_top, told_rungs
from training.splits.areas import area_groups

Vector = NDArray[np.float64]

N_GROUPS = 3
N_RESAMPLES = 200
ENOUGH = 20
"""Rows with and without the outcome that a group needs for a figure of its own."""
_DECIMALS = 3
"""An AUC is a fraction over pairs of people: in full it would give a group's counts, and those of a small one by subtraction (R-09)."""


def held_out_areas(examined: Examined) -> dict[str, Any]:
    """Test every row with a model that learnt from no row of its municipality, nor of its person.

    Settings and calibrator are the chosen rung's own: the calibrator has two numbers, and learnt them from all places.
    """
    experiment = examined.experiment
    table, chosen = experiment.table, experiment.chosen
    if table.area_feature is None:
        return {"reason": "nobody's municipality is known in this project"}
    area = table.columns((table.area_feature,), np.ones(len(table.label), dtype=np.bool_))[:, 0]
    group, n_areas = area_groups(area, table.rows.group, n_groups=N_GROUPS, seed=examined.seed)
    if n_areas < 2:
        return {"reason": "fewer than two municipalities"}
    rows = MeasuredRows.of(examined)
    test = np.flatnonzero(experiment.split.test)[rows.within]
    held_out = np.full(len(table.label), np.nan)
    for number, taught, tested in _tasks(examined, group, test):
        rung = learn_anew(chosen, table, taught, seed=examined.seed)
        if rung is None:
            return {"reason": f"without group {number + 1} of the municipalities everybody who teaches has the same outcome"}
        held_out[tested] = expit(chosen.calibrator.log_odds(rung.log_odds(table, tested)))
    scores = {"ordinary": rows.probability, "held_out": held_out[test]}
    return {
        **rows.about(),
        "chosen": rows.chosen,
        "n_areas": n_areas,
        "n_groups": int(group.max()) + 1,
        "most_rows_taught": MOST_TAUGHT,
        **_figures(rows, scores, examined.capacity_share, is_told=rows.chosen in told_rungs(examined)),
        "groups": [_of_group(rows, scores, group[test] == number) for number in range(int(group.max()) + 1)],
    }


def _tasks(examined: Examined, group: NDArray[np.intp], test: NDArray[np.intp]) -> Iterator[tuple[int, Mask, Mask]]:
    """Give for each group of municipalities the rows that teach and those that are tested: neither a place nor a person is in both."""
    table, split = examined.experiment.table, examined.experiment.split
    for number in range(int(group.max()) + 1):
        tested = np.zeros(len(table.label), dtype=np.bool_)
        tested[test[group[test] == number]] = True
        taught = split.train & (group != number) & ~np.isin(table.rows.group, table.rows.group[tested])
        yield number, taught, tested


def _figures(rows: MeasuredRows, scores: dict[str, Vector], share: float, *, is_told: bool) -> dict[str, Any]:
    """Figures of both; those at capacity only where they may be told of the ladder's rung, and of the one learnt without the place."""
    measured = resample(rows.label, scores, groups=rows.person, share=share, seed=rows.seed, n_resamples=N_RESAMPLES)
    n_with = float(rows.label.sum())
    told = {
        name: can_tell_top(estimates, share=share, n_rows=len(rows.label), n_with=n_with) and (is_told or name != "ordinary")
        for name, estimates in measured.estimates.items()
    }
    figures = {
        name: {
            metric: measured.interval(name, metric).to_json() if told[name] or not at_capacity(metric) else dict(WITHHELD)
            for metric in RANKING_METRICS
        }
        for name in scores
    }
    change = {
        metric: measured.gain("held_out", "ordinary", metric).to_json() if all(told.values()) or not at_capacity(metric) else dict(WITHHELD)
        for metric in RANKING_METRICS
    }
    observed = {name: metrics.observed_expected(rows.label, score) for name, score in scores.items()}
    return {"figures": figures, "difference": change, "observed_expected": {name: _known(value) for name, value in observed.items()}}


def _of_group(rows: MeasuredRows, scores: dict[str, Vector], here: Mask) -> dict[str, Any]:
    """Say how well one group's municipalities are ranked; too few of either outcome, and only that is said."""
    ones, zeros = int(rows.label[here].sum()), int((1 - rows.label[here]).sum())
    if min(ones, zeros) < max(ENOUGH, SMALLEST_CELL):
        return {"too_few": True, "auc": None}
    areas = {name: _known(metrics.auc(rows.label[here], score[here])) for name, score in scores.items()}
    return {"too_few": False, "auc": {name: None if area is None else round(area, _DECIMALS) for name, area in areas.items()}}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
