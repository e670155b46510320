"""Score the cohorts of a date with the models that serve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from features.cohort import Cohort
from features.declarations.project import Project
from features.declarations.stages import Stage
from features.engine.local import LocalThreads
from features.engine.parts import Partitioner
from features.engine.table import FeatureTable
from features.errors import DataError, ModelError, ProjectError, ScreeningError
from features.progress import Progress, Silent
from features.tables import build_stage_table, check_not_to_come
from models.bundle import Bundle, model_name
from models.deployment import Champion, bundle_folder, check_justified, deployed_bundle, find_champion
from models.partitions import LocalScorer, Scorer, score_table
from serving.scoring.candidates import ScoredCohort
from serving.scoring.suspensions import suspended_error

NOBODY_IN_COHORT = "TID426"
NO_MODEL_SERVES = "TID507"


@dataclass(frozen=True)
class ScreeningEngine:
    """Where features are built and rows scored; what comes out does not depend on it."""

    partitioner: Partitioner
    scorer: Scorer


def local_engine(workers: int = 1) -> ScreeningEngine:
    """Screen on so many threads of this machine."""
    return ScreeningEngine(LocalThreads(workers), LocalScorer(workers))


def score_stages(
    project: Project,
    stages: Sequence[str] | None,
    *,
    as_of: date,
    now: datetime,
    suspended: frozenset[str] | None = frozenset(),
    engine: ScreeningEngine | None = None,
    progress: Progress | None = None,
) -> tuple[list[ScoredCohort], tuple[tuple[str, str], ...]]:
    """Score the cohorts of a date with every model that serves; also say which stages were skipped and why.

    Parameters
    ----------
    suspended
        Models that are stopped everywhere and score nobody; None stops all.

    Raises
    ------
    PurposeError
        TID201, TID202.
    ModelError, DataError, ReviewError
        TID507, TID426, TID770 when that holds for every stage asked for.
    """
    check_score_purpose(project, as_of=as_of, today=now.date())
    scored: list[ScoredCohort] = []
    skipped: list[tuple[str, ScreeningError]] = []
    for stage in _stages(project, stages):
        try:
            champions, stopped = _serving(project, stage, suspended)
            skipped += [(stage.name, suspended_error(champion.name)) for champion in stopped]
            if champions:
                scored += _score_stage(
                    project, stage, champions, as_of=as_of, now=now, engine=engine or local_engine(), progress=progress or Silent()
                )
        except (DataError, ModelError) as error:
            if error.code not in (NOBODY_IN_COHORT, NO_MODEL_SERVES):
                raise
            skipped.append((stage.name, error))
    if not scored and skipped:
        raise skipped[0][1]
    return scored, tuple((name, str(error)) for name, error in skipped)


def check_score_purpose(project: Project, *, as_of: date, today: date) -> None:
    """Refuse to score without a purpose that is valid both on the as-of date and today, or on a date to come.

    Raises
    ------
    PurposeError
        TID201, TID202.
    DataError
        TID430 for a date to come.
    """
    for day in (as_of, today):
        project.check_purpose("score", on=day)
    check_not_to_come(as_of, today=today)


def _stages(project: Project, names: Sequence[str] | None) -> list[Stage]:
    unknown = [name for name in names or () if name not in project.stages]
    if unknown:
        raise ProjectError(
            "TID131", f"no stage {', '.join(unknown)} in {project.root / 'screening.toml'}. It has {', '.join(project.stages)}."
        )
    return [stage for name, stage in project.stages.items() if names is None or name in names]


def _serving(project: Project, stage: Stage, suspended: frozenset[str] | None) -> tuple[dict[str, Champion], list[Champion]]:
    """Give outcome -> the model that serves, and those that would serve and are suspended."""
    found = {o: find_champion(project, model_name(project.id, o, stage.name)) for o in stage.outcomes}
    serving = {outcome: champion for outcome, champion in found.items() if champion is not None}
    if not serving:
        raise ModelError(NO_MODEL_SERVES, f"no model serves stage {stage.name}. Train one, then promote it with `tidlig models promote`.")
    stopped = [champion for champion in serving.values() if suspended is None or champion.name in suspended]
    return {outcome: champion for outcome, champion in serving.items() if champion not in stopped}, stopped


def _score_stage(
    project: Project,
    stage: Stage,
    serving: Mapping[str, Champion],
    *,
    as_of: date,
    now: datetime,
    engine: ScreeningEngine,
    progress: Progress,
) -> list[ScoredCohort]:
    for champion in serving.values():
        check_justified(champion, on=now.date())
    cohort, table = build_stage_table(
        project, "score", stage, on=now.date(), as_of=as_of, partitioner=engine.partitioner, progress=progress
    )
    return [_score_cohort(project, stage, outcome, champion, cohort, table, engine, progress) for outcome, champion in serving.items()]


def _score_cohort(
    project: Project,
    stage: Stage,
    outcome: str,
    champion: Champion,
    cohort: Cohort,
    table: FeatureTable,
    engine: ScreeningEngine,
    progress: Progress,
) -> ScoredCohort:
    bundle = load_serving_bundle(project, champion.name)
    scores = score_table(bundle, bundle_folder(project, champion.name, champion.version), table, engine.scorer, progress)
    return ScoredCohort(stage, outcome, champion, bundle, cohort.frame, table, scores)


def load_serving_bundle(project: Project, name: str) -> Bundle:
    """Load the model that serves; one that learnt from invented people says nothing of others, nor the other way round (R-33).

    Raises
    ------
    ModelError
        TID515 for a model of other data, and all of `models.deployment.deployed_bundle`.
    """
    bundle, kind = deployed_bundle(project, name), project.screening.project.data
    if bundle.data != kind:
        raise ModelError("TID515", f"{name} learnt from {bundle.data} data and this project's is {kind}. Train a model of its own.")
    return bundle
