"""From a project's store to an experiment's table: cohort, features, labels, and the leak checks on them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort import Cohort
from features.declarations.catalogue import Use
from features.declarations.outcomes import Outcome
from features.declarations.project import Project
from features.declarations.specs import FeatureSpec
from features.declarations.stages import Stage
from features.engine.table import FeatureTable, Positions
from features.findings import Finding
from features.leaks import label_finding, rebuilt_finding, single_feature_finding
from features.lists import check_current
from features.outcomes import label_rows, may_still_come, outcome_at
from features.progress import Progress
from features.records import Mask, day_numbers
from features.store import EventStore
from features.tables import build_stage_table, levels_of, open_stage_store, stage_specs
from training.sampling import sample_people
from training.splits.periods import LabelledRows
from training.table import TrainingTable
from training.whole import WholeTable


@dataclass(frozen=True)
class StageData:
    """A stage's cohort and features, built once and used for each of its outcomes."""

    project: Project
    stage: Stage
    store: EventStore
    cohort: Cohort
    features: FeatureTable
    known_by: date

    @cached_property
    def rebuilt(self) -> Finding:
        """L-03, which asks about the features alone: once for all outcomes."""
        names = set(self.features.names)
        specs = [spec for spec in stage_specs(self.project) if spec.name in names]
        return rebuilt_finding(self.store, self.features, specs, levels=levels_of(self.project))


def build_stage_data(project: Project, stage: Stage, *, known_by: date, workers: int, progress: Progress) -> StageData:
    """Draw the cohort and build its features under the purpose `train`; objections and consents of that day apply (R-36).

    Raises
    ------
    PurposeError, DataError
        As `features.tables.build_stage_table`.
    """
    cohort, features = build_stage_table(project, "train", stage, on=known_by, workers=workers, progress=progress)
    return StageData(project, stage, open_stage_store(project, "train", on=known_by), cohort, features, known_by)


def build_table(data: StageData, outcome_name: str, *, excluded_codes: Sequence[int] = ()) -> tuple[TrainingTable, tuple[Finding, ...]]:
    """Put features and one outcome together, rows with a known outcome only, and look for leaks.

    Parameters
    ----------
    excluded_codes
        Status codes left out on top of the outcome's own; for diagnostic splits.

    Raises
    ------
    DataError
        TID457 when somebody has objected or withdrawn a consent since the features were built (R-36), and as `label_rows`.
    """
    check_current(data.project, "train", data.features, on=data.known_by)
    outcome = data.project.outcomes[outcome_name]
    labels = label_rows(data.project, data.store, data.cohort, outcome, known_by=data.known_by)
    if excluded_codes:
        labels["label"] = labels["label"].mask(labels["status"].isin(list(excluded_codes)).fillna(False).astype(bool))
    label = labels["label"].to_numpy(dtype=np.float64)
    leaks = (single_feature_finding(data.features, label), label_finding(data.project, data.features.names), data.rebuilt)
    return _table(data, labels, outcome_at(data.project, data.stage.name, outcome)), leaks


def table_under(data: StageData, outcome: Outcome) -> TrainingTable:
    """Put the features together with an outcome that is read otherwise than declared; always the sample, never all rows.

    Raises
    ------
    DataError
        As `label_rows`.
    """
    labels = label_rows(data.project, data.store, data.cohort, outcome, known_by=data.known_by)
    return _table(data, labels, outcome_at(data.project, data.stage.name, outcome), only_sample=True)


def _table(data: StageData, labels: pd.DataFrame, outcome: Outcome, *, only_sample: bool = False) -> TrainingTable:
    declared = data.project.screening.training
    known = np.flatnonzero(labels["label"].notna().to_numpy())
    drawn = sample_people(data.features.keys["group"].to_numpy(dtype=np.int32), max_rows=declared.max_rows, seed=declared.seed)
    kept = known[drawn[known]]
    wants_whole = declared.rows == "all" and not only_sample and not drawn.all()
    whole = _whole(data, labels, outcome, known, kept) if wants_whole else None
    names, matrix = _matrix(data, kept)
    rows, label = _labelled(data, labels, kept)
    catalogue = data.project.catalogue
    return TrainingTable(
        names=names,
        matrix=matrix,
        label=label,
        rows=rows,
        subject_id=data.features.keys["subject_id"].iloc[kept].to_numpy(dtype=np.str_),
        predictors=_names(catalogue.feature_specs(Use.PREDICTOR), names),
        benchmark_only=_names(catalogue.feature_specs(Use.BENCHMARK_ONLY), names),
        area_feature=area_feature(data),
        pending=_pending(data, labels, outcome, drawn),
        n_without_outcome=int(drawn.sum()) - len(kept),
        data_hash=content_hash(names, matrix, label, rows) if whole is None else whole.data_hash,
        outcome_on=_outcome_on(labels, kept),
        n_not_drawn=len(known) - len(kept),
        whole=whole,
    )


def _whole(data: StageData, labels: pd.DataFrame, outcome: Outcome, known: Positions, kept: Positions) -> WholeTable:
    rows, label = _labelled(data, labels, known)
    everybody = np.ones(len(labels), dtype=np.bool_)
    return WholeTable(
        data.features, known.astype(np.int64), label, rows, _pending(data, labels, outcome, everybody), np.searchsorted(known, kept)
    )


def _labelled(data: StageData, labels: pd.DataFrame, kept: Positions) -> tuple[LabelledRows, NDArray[np.float64]]:
    keys = data.features.keys
    rows = LabelledRows(
        as_of=day_numbers(keys["as_of"].iloc[kept]),
        known_on=day_numbers(labels["known_on"].iloc[kept]),
        group=keys["group"].iloc[kept].to_numpy(dtype=np.int32),
        period=data.cohort.frame["period"].iloc[kept].to_numpy(dtype=np.str_),
    )
    return rows, labels["label"].iloc[kept].to_numpy(dtype=np.float64)


def area_feature(data: StageData) -> str | None:
    """Name of the column with the area's number; None where no one's municipality is known."""
    code = data.project.screening.municipality_indicator
    if code is None or data.cohort.frame["municipality"].isna().all():
        return None
    return f"{code}.last@ever"


def content_hash(names: Sequence[str], matrix: NDArray[np.float32], label: NDArray[np.float64], rows: LabelledRows) -> str:
    """SHA-256 over everything a model can learn from; goes on the run and the card, so that a training can be repeated."""
    digest = hashlib.sha256("\n".join(names).encode())
    for array in (matrix, label, rows.as_of, rows.known_on, rows.group):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _matrix(data: StageData, kept: Positions) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Features of some rows, and the area's number as one more column where the catalogue has the area as levels."""
    names, matrix, area = data.features.names, data.features.matrix(rows=kept), area_feature(data)
    if area is None or area in names:
        return names, matrix
    numbers = pd.to_numeric(data.cohort.frame["municipality"].iloc[kept]).to_numpy(dtype=np.float32)
    return (*names, area), np.column_stack([matrix, numbers]).astype(np.float32)


def _pending(data: StageData, labels: pd.DataFrame, outcome: Outcome, among: Mask) -> NDArray[np.str_]:
    """Periods of rows among these without a status whose outcome may still come."""
    as_of = day_numbers(data.features.keys["as_of"])
    may_come = among & labels["status"].isna().to_numpy() & may_still_come(outcome, as_of, known_by=data.known_by)
    return data.cohort.frame["period"].iloc[np.flatnonzero(may_come)].to_numpy(dtype=np.str_)


def _outcome_on(labels: pd.DataFrame, known: Positions) -> NDArray[np.int32]:
    """Day on which each outcome came about, 0 for rows without it."""
    days = np.zeros(len(known), dtype=np.int32)
    with_outcome = labels["happened_on"].iloc[known].notna().to_numpy()
    days[with_outcome] = day_numbers(labels["happened_on"].iloc[known[with_outcome]])
    return days


def _names(specs: Sequence[FeatureSpec], present: tuple[str, ...]) -> tuple[str, ...]:
    wanted = {spec.name for spec in specs}
    return tuple(name for name in present if name in wanted)
