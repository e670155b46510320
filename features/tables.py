"""From a project's store to a stage's cohort and feature table: the one way in, for training, screening and monitoring alike."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from features.cohort import Cohort, build_cohort, without_protected_areas
from features.consents import open_permitted_store
from features.declarations.catalogue import Use
from features.declarations.project import Project
from features.declarations.specs import FeatureSpec
from features.declarations.stages import Stage
from features.engine.build import build_features
from features.engine.parts import Partitioner
from features.engine.table import FeatureTable
from features.errors import DataError
from features.lists import apply_lists, is_current, without_protected_area
from features.progress import Progress
from features.store import EventStore

TablePurpose = Literal["train", "score"]
TABLE_USES = (Use.PREDICTOR, Use.BENCHMARK_ONLY, Use.CONTEXT)
"""What stands in a table. Which of it a model may use is for training to decide: a benchmark or a context is never a servable predictor."""


def build_stage_table(
    project: Project,
    purpose: TablePurpose,
    stage: Stage,
    *,
    on: date,
    as_of: date | None = None,
    known_by: date | None = None,
    workers: int = 1,
    partitioner: Partitioner | None = None,
    progress: Progress | None = None,
) -> tuple[Cohort, FeatureTable]:
    """Draw a stage's cohort and build its features into ``var/features/<purpose>/<stage>[-<as_of>]``.

    Parameters
    ----------
    on
        The day of the run: the purpose has to be valid then, and the restrictions and consents of that day apply.
    as_of
        Only the cohort of exactly this date; all dates by default.
    known_by
        Only rows whose as-of date is not after this day; `on` by default, since nobody can know what is to come.
    workers, partitioner
        Who builds the parts: processes of this machine, or somebody else (`build_features`).

    Returns
    -------
    tuple of Cohort and FeatureTable
        With the same rows in the same order.

    Raises
    ------
    PurposeError
        TID201, TID202 without a valid purpose; before anything is read. TID220, TID221 without the consents that indicators need.
    DataError
        TID430 for a date to come, TID402 before anything is ingested, TID408 and TID456 as `features.lists` says of lists that are gone or
        do not read, TID421, TID424 and TID426 as `build_cohort` and `build_features` say.

    Notes
    -----
    Nobody's protected address is in it: a shielded person's municipality is missing from every table, and from the cohort too unless it is
    needed to say whose capacity a case takes (R-08).
    """
    project.check_purpose(purpose, on=on)
    if as_of is not None:
        check_not_to_come(as_of, today=on)
    lists = apply_lists(project, purpose, on=on)
    cohort = build_cohort(project, lists.store, stage, as_of=as_of, known_by=known_by or on, restricted=lists.restricted)
    table = build_features(
        without_protected_area(project, lists.store),
        cohort.frame,
        stage_specs(project),
        table_folder(project, purpose, stage, as_of=as_of),
        levels=levels_of(project),
        about={"project": project.id, "stage": stage.name, "data": project.screening.project.data, **lists.facts},
        workers=workers,
        partitioner=partitioner,
        progress=progress,
    )
    return cohort if purpose == "score" else without_protected_areas(cohort), table


def check_not_to_come(as_of: date, *, today: date) -> None:
    """Refuse an as-of date on which nobody has known anything yet.

    Raises
    ------
    DataError
        TID430.
    """
    if as_of > today:
        raise DataError("TID430", f"as-of date {as_of} is still to come. Choose a date up to {today}.")


def open_stage_store(project: Project, purpose: TablePurpose, *, on: date) -> EventStore:
    """Open the store as the tables of a day see it: under that day's consents, and without the municipality of who is shielded.

    Raises
    ------
    DataError, PurposeError
        As `features.consents.open_permitted_store`.
    """
    return without_protected_area(project, open_permitted_store(project, purpose, on=on))


def stage_specs(project: Project) -> tuple[FeatureSpec, ...]:
    """Every feature of the catalogue that is on: predictors, benchmarks and context."""
    return project.catalogue.feature_specs(*TABLE_USES)


def levels_of(project: Project) -> dict[str, tuple[str, ...]]:
    """Levels of each category that is on, in the order of their stored positions."""
    return {code: indicator.levels for code, indicator in project.catalogue.indicators.items() if indicator.levels}


def table_folder(project: Project, purpose: TablePurpose, stage: Stage, *, as_of: date | None = None) -> Path:
    """Folder of a stage's feature table."""
    return project.var / "features" / purpose / (stage.name if as_of is None else f"{stage.name}-{as_of}")


def current_stage_table(
    project: Project, purpose: TablePurpose, stage: Stage, *, on: date, as_of: date | None = None, progress: Progress | None = None
) -> FeatureTable:
    """Open the stage's table where it was built under the lists of this day; build it anew where it was not, or is not there.

    Raises
    ------
    PurposeError, DataError
        As `build_stage_table`.
    """
    project.check_purpose(purpose, on=on)
    table = find_stage_table(project, purpose, stage, as_of=as_of)
    if table is not None and is_current(project, purpose, table, on=on):
        return table
    return build_stage_table(project, purpose, stage, on=on, as_of=as_of, progress=progress)[1]


def find_stage_table(project: Project, purpose: TablePurpose, stage: Stage, *, as_of: date | None = None) -> FeatureTable | None:
    """Open the stage's table, or None when it has not been built."""
    folder = table_folder(project, purpose, stage, as_of=as_of)
    return FeatureTable.open(folder) if (folder / "table.json").is_file() else None
