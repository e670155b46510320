"""From a project to what one report is made of: the rows of one screening, what was known then, what is known now.

Persons' rows are in memory here and nowhere else in monitoring; what leaves is what `monitoring.reports.content.build_content` lets out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.audit import UNKNOWN, audit_groups
from features.declarations.project import Project
from features.declarations.stages import Stage
from features.errors import DataError
from features.finished_reviews import as_audit_subjects, read_finished_reviews
from features.followup import matured_outcomes
from features.intake.linkage import translate_subjects
from features.progress import Progress
from features.restrictions import restricted_persons
from features.scored import read_scored
from features.store import open_store
from features.tables import current_stage_table
from models.bundle import Bundle, load_bundle, model_name
from models.deployment import bundle_folder, find_champion
from models.rungs.rung import Matrix
from models.smallest_groups import fewest_by_attribute
from monitoring.drift.samples import Samples, read_samples
from monitoring.fairness.groups import MUNICIPALITY
from monitoring.fairness.known_inputs import sectors_known
from monitoring.oversight.reviews import Oversight, measure_oversight
from monitoring.performance.history import read_periods
from monitoring.performance.interventions import led_to_talk
from monitoring.performance.periods import Period
from monitoring.places import OTHER_PLACES, name_places
from monitoring.reports.provenance import inputs_hash, row_hashes
from monitoring.signals.limits import settings_bytes
from monitoring.wording import in_languages

AGE = "age"
"""Group of every report on people of several ages, unless the project declares a group of that name."""

N_EXPLAINED = 300
"""Current rows whose contributions say which features matter most."""

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Gathered:
    """One model's screening, with everything a report needs; rows of people, so it never leaves this process."""

    model: str
    version: str
    bundle: Bundle
    stage: Stage
    as_of: date
    scored: pd.DataFrame
    label: Vector
    groups: Mapping[str, tuple[str | None, ...]]
    samples: Samples
    known: Mapping[str, NDArray[np.bool_]]
    """Sector -> whether it says anything of each person screened that it does not say of everybody, shape (n_people,)."""
    importance: Vector
    """Share of what the model says that each feature carries, summing to 1 (or all 0), shape (n_features,)."""
    oversight: Oversight
    talked: NDArray[np.bool_]
    """Whether the review of the proposal decided that there is to be a conversation, shape (n_people,)."""
    periods: tuple[Period, ...]
    """Every screening of the model up to this one, which comes last."""
    rows: Mapping[str, str]
    """Part of the rows -> their hash."""
    inputs_hash: str

    @property
    def current(self) -> Matrix:
        """Features of everybody screened, shape (n_people, n_features)."""
        return self.samples.current.rows

    @property
    def reference(self) -> Matrix:
        """Features of those they are compared with."""
        return self.samples.reference.rows


def find_screenings(project: Project, *, month: str | None) -> list[pd.DataFrame]:
    """Find the last screening of each deployed model in a month, or in the month of the newest screening of all.

    Raises
    ------
    DataError
        TID481 when no deployed model has screened anybody then.
    """
    scored = read_scored(project)
    champions = [model_name(project.id, outcome, stage.name) for stage in project.stages.values() for outcome in stage.outcomes]
    scored = scored[scored["model"].isin([name for name in champions if find_champion(project, name) is not None])]
    if month is None and len(scored):
        month = f"{scored['as_of'].max():%Y-%m}"
    in_month = scored[[f"{day:%Y-%m}" == month for day in scored["as_of"]]]
    if in_month.empty:
        raise DataError(
            "TID481",
            f"no model that serves has screened anybody as of {month or 'any month'} in {project.root}. Run `tidlig screen --as-of DATE`, "
            "or choose another --month.",
        )
    return [_last_screening(rows) for _, rows in in_month.groupby("model", sort=True)]


def _last_screening(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the newest date, and of several versions on it the highest: versions are numbered upwards."""
    rows = rows[rows["as_of"] == rows["as_of"].max()]
    versions = sorted(rows["model_version"].unique(), key=lambda version: (len(version), version))
    newest: pd.DataFrame = rows[rows["model_version"] == versions[-1]]
    return newest.reset_index(drop=True)


def gather(project: Project, scored: pd.DataFrame, *, on: date, progress: Progress) -> Gathered:
    """Put together one model's screening; people who have objected since are left out (R-22).

    Raises
    ------
    PurposeError
        TID201, TID202 without a purpose that covers the day.
    DataError, ModelError
        As reading stores, tables, audit groups and bundles.
    """
    first = scored.iloc[0]
    stage, outcome = project.stages[str(first["stage"])], project.outcomes[str(first["outcome"])]
    bundle = load_bundle(
        bundle_folder(project, str(first["model"]), str(first["model_version"])), contract_hash=project.contract_hash, num_threads=2
    )
    scored = _without_restricted(project, scored, on=on)
    samples = read_samples(project, bundle, stage, scored, horizon_days=outcome.horizon_days, on=on, progress=progress)
    label = matured_outcomes(project, scored, outcome, on=on)
    groups = _groups(project, scored, on=on)
    reviews = _reviews(project, scored)
    audited = as_audit_subjects(project, reviews)
    periods = read_periods(project, scored, label, outcome, on=on, without_barred=lambda rows: _without_restricted(project, rows, on=on))
    rows = row_hashes(scored, label, groups, samples.arrays(), reviews, periods)
    return Gathered(
        model=str(first["model"]),
        version=str(first["model_version"]),
        bundle=bundle,
        stage=stage,
        as_of=first["as_of"],
        scored=scored,
        label=label,
        groups=groups,
        samples=samples,
        known=_known(project, bundle, stage, scored, on=on, progress=progress),
        importance=_importance(bundle, samples.current.rows),
        oversight=measure_oversight(scored["subject_id"].tolist(), scored["proposed"], audited, label=label, groups=groups),
        talked=led_to_talk(scored["subject_id"].tolist(), scored["proposed"].to_numpy(dtype=bool), audited),
        periods=periods,
        rows=rows,
        inputs_hash=inputs_hash(bundle.hash, settings_bytes(project), rows),
    )


def _known(
    project: Project, bundle: Bundle, stage: Stage, scored: pd.DataFrame, *, on: date, progress: Progress
) -> dict[str, NDArray[np.bool_]]:
    """Read whom each sector says anything of, in the order of the scored rows; the join stays in this process (R-10)."""
    table = current_stage_table(project, "score", stage, on=on, as_of=scored.iloc[0]["as_of"], progress=progress)
    subjects = open_store(project, "score").subjects()
    of_score = table.keys[["person"]].merge(subjects[["person", "subject_id"]], on="person", how="left", validate="1:1")["subject_id"]
    linked = translate_subjects(project, of_score.tolist(), from_purpose="score", to_purpose="audit")
    of_audit = of_score.map(dict(zip(linked["from_subject"], linked["to_subject"], strict=True)))
    place = pd.Series(np.arange(len(of_audit)), index=of_audit).reindex(scored["subject_id"]).to_numpy()
    rows = np.full((len(scored), len(bundle.feature_names)), np.nan, dtype=np.float32)
    rows[~np.isnan(place)] = bundle.matrix_from(table.names, table.matrix())[place[~np.isnan(place)].astype(np.int64)]
    return sectors_known(rows, list(feature_sectors(project, bundle.feature_names).values()))


def minimum_of(project: Project) -> dict[str, int]:
    """Fewest people a count by each attribute may stand for; by municipality it is the smallest of all, as for any not named (R-09)."""
    return fewest_by_attribute(project)


def attribute_labels(project: Project) -> dict[str, dict[str, str]]:
    """Label of each fairness attribute in the report's languages."""
    declared = {name: project.catalogue.declared[code].label for name, code in project.screening.groups.items()}
    labels = {name: in_languages(label) for name, label in declared.items()}
    age = {AGE: {"nb": "Alder i år", "nn": "Alder i år", "en": "Age in years"}}
    return {**age, **labels, MUNICIPALITY: {"nb": "Kommune", "nn": "Kommune", "en": "Municipality"}}


def group_names(project: Project) -> dict[str, dict[str, dict[str, str]]]:
    """Name of each group of each fairness attribute in the report's languages, where the project gives it one."""
    declared = {name: project.catalogue.declared[code].level_labels for name, code in project.screening.groups.items()}
    named = {name: {level: in_languages(words) for level, words in labels.items()} for name, labels in declared.items() if labels}
    others = {"nb": "(andre kommuner)", "nn": "(andre kommunar)", "en": OTHER_PLACES}
    return {**named, MUNICIPALITY: {OTHER_PLACES: others}} if project.screening.municipality else named


def feature_labels(project: Project, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Label of each feature's indicator in the report's languages."""
    labels = {name: project.catalogue.declared[name.partition(".")[0]].label for name in names}
    return {name: in_languages(label) for name, label in labels.items()}


def feature_sectors(project: Project, names: Sequence[str]) -> dict[str, str]:
    """Sector of each feature."""
    return {name: project.catalogue.sector_of(name.partition(".")[0]).value for name in names}


def _without_restricted(project: Project, scored: pd.DataFrame, *, on: date) -> pd.DataFrame:
    restricted = restricted_persons(project, "audit", on=on)
    if not len(restricted):
        return scored
    subjects = open_store(project, "audit").subjects()
    barred = subjects.loc[subjects["person"].isin(restricted), "subject_id"]
    allowed: pd.DataFrame = scored[~scored["subject_id"].isin(barred)]
    return allowed.reset_index(drop=True)


def _groups(project: Project, scored: pd.DataFrame, *, on: date) -> dict[str, tuple[str | None, ...]]:
    frame = audit_groups(project, scored["subject_id"].tolist(), purpose="audit", on=on)
    groups = {str(name): _texts(frame[name]) for name in frame.columns if name != "subject_id"}
    if scored["municipality"].notna().any():
        groups[MUNICIPALITY] = tuple(name_places(project, scored["municipality"]))
    ages = _ages(project, scored)
    if AGE not in groups and len(set(ages) - {None}) > 1:
        groups[AGE] = ages
    return groups


def _ages(project: Project, scored: pd.DataFrame) -> tuple[str | None, ...]:
    """Give each person's age in whole years on the as-of date, as a text; None where it is not known when they were born."""
    born_on = open_store(project, "audit").subjects().set_index("subject_id")["born_on"].reindex(scored["subject_id"])
    return tuple(
        None if pd.isna(born) else str(day.year - born.year - ((day.month, day.day) < (born.month, born.day)))
        for born, day in zip(born_on, scored["as_of"], strict=True)
    )


def _texts(column: pd.Series) -> tuple[str | None, ...]:
    return tuple(None if pd.isna(value) or value == UNKNOWN else str(value) for value in column)


def _reviews(project: Project, scored: pd.DataFrame) -> pd.DataFrame:
    reviews = read_finished_reviews(project)
    first = scored.iloc[0]
    mine = (reviews["model"] == first["model"]) & (reviews["stage"] == first["stage"]) & (reviews["as_of"] == first["as_of"])
    found: pd.DataFrame = reviews[mine].sort_values("case_id", ignore_index=True)
    # A reviewer's number is drawn anew whenever the table is written; in the order of the cases it is the same for the same reviews.
    numbers = {reviewer: str(number) for number, reviewer in enumerate(found["reviewer"].dropna().unique())}
    return found.assign(reviewer=found["reviewer"].map(numbers))


def _importance(bundle: Bundle, current: Matrix) -> Vector:
    if not len(current) or not bundle.feature_names:
        return np.zeros(len(bundle.feature_names))
    rows = np.random.default_rng(bundle.provenance.seed).permutation(len(current))[:N_EXPLAINED]
    size = np.abs(bundle.explain(current[np.sort(rows)]).phi).mean(axis=0)
    total = float(size.sum())
    return np.asarray(size / total if total > 0 else np.zeros_like(size), dtype=np.float64)
