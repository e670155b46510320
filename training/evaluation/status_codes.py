"""Section `status_codes`: what became of the tested people, code by code, and what changes when disputed codes are read otherwise.

A status that a register does not know, a planned success that is no completion, somebody still enrolled: each is a judgement, and each is
shown. Every declared sensitivity analysis is made twice: the model that would serve, measured against the other reading, and the same
rung learnt under it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.declarations.outcomes import Outcome, Sensitivity
from features.errors import DataError
from features.outcomes import label_rows
from features.records import Mask, day_number
from features.small_cells import SMALLEST_CELL, withheld_cells
from models.resampling import RANKING_METRICS, Resamples, drawn_people, resample
from training.evaluation.examined import Examined
from training.evaluation.relearning import learn_anew
from training.evaluation.rows import can_tell
from training.evaluation.told_capacity import WITHHELD, at_capacity, can_tell_top, told_rungs
from training.gathering import StageData, table_under
from training.splits.temporal import Split
from training.table import TrainingTable

MOST_TESTED = 50_000
"""Rows that a sensitivity analysis is tested on at most, people drawn with the seed."""
N_RESAMPLES = 200
READ_AS = ("positive", "negative", "excluded", "unknown")


def status_codes(examined: Examined) -> dict[str, Any]:
    """Count the tested periods' people by status code, and repeat the measurement under every declared sensitivity."""
    if examined.data is None:
        return {"reason": "made from a table alone, which holds no status codes"}
    data, outcome = examined.data, examined.project.outcomes[examined.planned.outcome]
    codes = _codes(data, outcome, examined.experiment.split)
    withheld = {int(one["code"]) for one in codes if one["n"] is None}
    return {
        "indicator": outcome.indicator,
        "codes": codes,
        "contact": _contact(data, outcome),
        "sensitivity": [_measured(examined, data, outcome, one, withheld) for one in outcome.sensitivity],
    }


def _codes(data: StageData, outcome: Outcome, split: Split) -> list[dict[str, Any]]:
    """Count people by code, of each reference date where there are several; small counts are withheld, and what gives them away (R-09)."""
    labels = label_rows(data.project, data.store, data.cohort, outcome, known_by=data.known_by)
    as_of, first = data.cohort.frame["as_of"], split.first_test_as_of
    tested = (data.cohort.frame["period"].isin(split.test_periods) & (as_of >= first)).to_numpy()
    dates = [name for name in labels if str(name).startswith("status_")] or ["status"]
    counted = []
    for number, name in enumerate(dates, start=1):
        code = labels[name][tested].dropna().to_numpy(dtype=np.int64)
        for role in READ_AS:
            counted += _of_role(code, getattr(outcome, role), role, number if len(dates) > 1 else None)
    return counted


def _of_role(code: NDArray[np.int64], codes: tuple[int, ...], role: str, date: int | None) -> list[dict[str, Any]]:
    counts = np.array([(code == one).sum() for one in codes], dtype=np.int64)
    withheld = withheld_cells(counts)
    about = {"read_as": role} if date is None else {"read_as": role, "reference_date": date}
    return [
        about | {"code": one, "n": None if hidden else int(n)}
        for one, n, hidden in zip(codes, counts, withheld, strict=True)
        if n or hidden
    ]


def _contact(data: StageData, outcome: Outcome) -> dict[str, Any] | None:
    """Say which of the declared signs that somebody is here the data can show."""
    if not outcome.unknown:
        return None
    there = [code for code in outcome.contact if code in data.store.indicators]
    return {"days": outcome.contact_days, "read": there, "not_delivered": [code for code in outcome.contact if code not in there]}


def _measured(examined: Examined, data: StageData, outcome: Outcome, sensitivity: Sensitivity, withheld: Collection[int]) -> dict[str, Any]:
    about = {"name": sensitivity.name, **{role: list(getattr(sensitivity, role)) for role in ("positive", "negative", "excluded")}}
    moved = {*sensitivity.positive, *sensitivity.negative, *sensitivity.excluded}
    try:
        table = table_under(data, outcome.under(sensitivity))
    except DataError as error:
        return about | {"reason": error.message}
    taught, tested = _same_rows(table, examined.experiment.split)
    if moved & set(withheld) or _gives_away(examined, table, tested):
        return about | {"reason": "so few people are read otherwise that a difference would be about someone (R-09)"}
    anew = learn_anew(examined.experiment.chosen, table, taught, seed=examined.seed)
    tested[tested] = drawn_people(table.rows.group[tested], most_rows=MOST_TESTED, seed=examined.seed)
    label = table.label[tested]
    if anew is None or min(int(label.sum()), int((1 - label).sum())) < SMALLEST_CELL:
        return about | {"reason": "too few people with the outcome, or without it, under this reading"}
    scores = {"as_served": _served(examined, table, tested), "learnt_anew": anew.log_odds(table, tested)}
    measured = resample(
        label, scores, groups=table.rows.group[tested], share=examined.capacity_share, seed=examined.seed, n_resamples=N_RESAMPLES
    )
    told = told_under(examined, measured, label)
    figures = {
        name: {
            metric: measured.interval(name, metric).to_json() if name in told or not at_capacity(metric) else dict(WITHHELD)
            for metric in RANKING_METRICS
        }
        for name in scores
    }
    return about | {"n_test": int(tested.sum()), "prevalence": float(label.mean()), "figures": figures}


def told_under(examined: Examined, measured: Resamples, label: NDArray[np.float64]) -> set[str]:
    """Models whose figures at capacity may be told under a reading; of the one that serves they stand beside the ladder's (R-09).

    The served model ranks people alike under every reading: a difference in how many it finds is people who are read otherwise.
    """
    share, experiment = examined.capacity_share, examined.experiment
    n_with, served = float(label.sum()), measured.estimates["as_served"]["precision_at_capacity"] * share * len(label)
    ladder = experiment.resamples.estimates[experiment.selection.chosen]["precision_at_capacity"] * share * len(experiment.test_label)
    told = {name for name, figures in measured.estimates.items() if can_tell_top(figures, share=share, n_rows=len(label), n_with=n_with)}
    is_beside = experiment.selection.chosen not in told_rungs(examined) or can_tell(abs(served - ladder))
    return told if is_beside else told - {"as_served"}


def _same_rows(table: TrainingTable, split: Split) -> tuple[Mask, Mask]:
    """Divide by the split's own periods and dates: what was known on its first day teaches, who was assessed from then on is tested."""
    first, rows = day_number(split.first_test_as_of), table.rows
    taught = np.isin(rows.period, split.train_periods) & (rows.known_on <= first)
    return taught, np.isin(rows.period, split.test_periods) & (rows.as_of >= first)


def _gives_away(examined: Examined, table: TrainingTable, tested: Mask) -> bool:
    """Whether numbers told of both readings differ by one to four people."""
    declared, other = examined.experiment.test_label, table.label[tested]
    differences = (abs(int(one.sum()) - int(two.sum())) for one, two in ((declared, other), (1 - declared, 1 - other)))
    return any(0 < difference < SMALLEST_CELL for difference in differences)


def _served(examined: Examined, table: TrainingTable, tested: Mask) -> NDArray[np.float64]:
    rung = examined.experiment.chosen.rung
    return rung.log_odds(table.columns(rung.feature_names, tested))
