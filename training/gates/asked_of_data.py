"""Gate questions that go back to the store and to people's rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.declarations.specs import FeatureSpec
from features.findings import Finding
from features.leaks import lifetime_values_in, shuffled_features
from features.records import day_numbers
from features.tables import levels_of, stage_specs
from training.evaluation.examined import Examined
from training.gates.behaviour import age_gate
from training.gates.leakage import TwinRows, identity_gate, lifetime_gate, time_gate
from training.gathering import StageData

SHUFFLED_ROWS = 1_500
"""Test rows whose features are built again on another day, one a person."""


def ask_time(examined: Examined) -> Iterable[Finding]:
    """G-12, asked of the rung that was chosen."""
    title = "Shuffling time takes skill away"
    experiment, data = examined.experiment, examined.data
    rung = experiment.chosen.rung
    if data is None or not rung.feature_names:
        reason = "the experiment has no store behind it" if data is None else "the chosen rung uses no feature"
        yield Finding("G-12", title, "NOT_APPLICABLE", {"reason": reason})
        return
    specs = {spec.name: spec for spec in stage_specs(data.project)}
    places = [place for place, name in enumerate(rung.feature_names) if name in specs]
    rows = _one_row_a_person(examined)
    now = experiment.table.columns(rung.feature_names, _mask(len(experiment.table.label), rows))
    then = now.copy()
    wanted = [specs[rung.feature_names[place]] for place in places]
    then[:, places] = _in_table_order(data, examined, rows, wanted)
    differs = (now[:, places] != then[:, places]) & ~(np.isnan(now[:, places]) & np.isnan(then[:, places]))
    yield time_gate(
        experiment.table.label[rows],
        rung.log_odds(now),
        rung.log_odds(then),
        changed_share=float(differs.mean()) if differs.size else 0.0,
        person=experiment.table.rows.group[rows],
        seed=examined.seed,
    )


def ask_identity(examined: Examined) -> Iterable[Finding]:
    """G-13, asked of all predictors, whichever of them the chosen rung uses."""
    experiment = examined.experiment
    table, split = experiment.table, experiment.split
    test, train = (
        TwinRows(table.columns(table.predictors, mask), table.label[mask], table.rows.group[mask]) for mask in (split.test, split.train)
    )
    yield identity_gate(test, experiment.chosen.probability, train)


def ask_lifetime(examined: Examined) -> Iterable[Finding]:
    """G-14, asked of the indicators behind the chosen rung; what can't change by nature is not asked."""
    names = examined.experiment.chosen.rung.feature_names
    indicators = examined.project.catalogue.indicators
    codes = sorted({name.partition(".")[0] for name in names})
    asked = [code for code in codes if code in indicators and not indicators[code].fixed]
    found = None if examined.data is None or not asked else lifetime_values_in(examined.data.store, asked)
    yield lifetime_gate(found, n_indicators=len(asked))


def ask_age(examined: Examined) -> Iterable[Finding]:
    """G-16, asked of the chosen rung's features on the test rows."""
    experiment, data = examined.experiment, examined.data
    names = experiment.chosen.rung.feature_names
    if data is None:
        yield Finding("G-16", "Age is no feature", "NOT_APPLICABLE", {"reason": "the experiment has no store behind it"})
        return
    rows = np.flatnonzero(experiment.split.test)
    age = data.cohort.frame["age_years"].to_numpy(dtype=np.float64)[_places(data, examined, rows)]
    yield age_gate(names, experiment.table.columns(names, experiment.split.test), age)


def _one_row_a_person(examined: Examined) -> NDArray[np.intp]:
    """Evenly spread test rows of different people, as positions in the training table."""
    rows = np.flatnonzero(examined.experiment.split.test)
    first = np.unique(examined.experiment.test_person, return_index=True)[1]
    rows = rows[np.sort(first)]
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(SHUFFLED_ROWS, len(rows))).astype(np.intp))]


def _in_table_order(data: StageData, examined: Examined, rows: NDArray[np.intp], specs: Sequence[FeatureSpec]) -> NDArray[np.float32]:
    """Features on a random earlier day, in the order of the given rows of the training table."""
    places = _places(data, examined, rows)
    order = np.argsort(places, kind="stable")
    built = shuffled_features(data.store, data.features, places[order], specs, levels=levels_of(data.project), seed=examined.seed)
    back = np.empty_like(built)
    back[order] = built
    return back


def _places(data: StageData, examined: Examined, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Positions in the stage's feature table, and in its cohort, of rows of the training table."""
    keys, table = data.features.keys, examined.experiment.table
    every = pd.MultiIndex.from_arrays([keys["subject_id"].to_numpy(dtype=object), day_numbers(keys["as_of"])])
    wanted = pd.MultiIndex.from_arrays([table.subject_id[rows].astype(object), table.rows.as_of[rows]])
    return np.asarray(every.get_indexer(wanted), dtype=np.intp)


def _mask(n_rows: int, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    mask = np.zeros(n_rows, dtype=np.bool_)
    mask[rows] = True
    return mask
