"""Score one person again on corrected information: the features of the case's own date, from what is known today (R-24).

A correction becomes known after the date that the case speaks of, and a table of that date does not hold it: the past stays (decision 29).
So the question here is another one than screening's: what would the model have said then, had it known what we know now. Every record
counts in the version that is known today, as if it had been known when it happened; what happened after the date still counts for nothing.

Only this person's part of the store is read, so that it takes a moment and not a screening.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from features.cohort import build_cohort
from features.declarations.project import Project
from features.declarations.stages import Stage
from features.engine.kernel import Rows, feature_matrix
from features.errors import DataError, ModelError, ReviewError
from features.records import IN_FORCE, PERSONS_PER_PART, Records, day_number, day_of
from features.restrictions import restricted_persons
from features.store import EventStore
from features.supersession import store_order
from features.tables import levels_of, open_stage_store, stage_specs
from models.bands import Band
from models.bundle import Bundle, model_name
from models.deployment import Champion, check_justified, find_champion
from models.reasons import with_dates
from models.rungs.rung import Matrix
from serving.cases.proposal import Proposal, build_seen, frequency_of, inputs_sha256, uncertainty_of
from serving.scoring.cohorts import NO_MODEL_SERVES, NOBODY_IN_COHORT, check_score_purpose, load_serving_bundle


@dataclass(frozen=True)
class Rescored:
    """What scoring again found."""

    proposal: Proposal | None
    """The new proposal; None where the person would not have been in the stage's cohort on what is known now."""

    @property
    def is_proposed(self) -> bool:
        """Whether the model would still have somebody look."""
        return self.proposal is not None and self.proposal.band is not Band.NO_FOLLOW_UP_NOW


def rescore_person(project: Project, subject_id: str, old: Proposal, *, today: date) -> Rescored:
    """Score a person again, for the stage, outcome and date of an earlier proposal, with the model that serves today.

    Raises
    ------
    PurposeError
        TID201, TID202 without a score purpose that is valid on the case's date and today.
    ReviewError
        TID784 when the person is in the store no more.
    ModelError
        TID507 when no model serves the stage and outcome any more, and all of `models.deployment`.
    """
    check_score_purpose(project, as_of=old.as_of, today=today)
    stage = project.stages.get(old.stage)
    champion = None if stage is None else find_champion(project, model_name(project.id, old.outcome, old.stage))
    if stage is None or champion is None:
        raise ModelError(NO_MODEL_SERVES, f"no model serves {old.outcome} at stage {old.stage} any more. Close the case, or let one serve.")
    check_justified(champion, on=today)
    known = read_what_is_known(project, subject_id, as_of=old.as_of, today=today)
    if not _is_in_cohort(project, known, stage, as_of=old.as_of, today=today):
        return Rescored(None)
    bundle = load_serving_bundle(project, champion.name)
    return Rescored(_build_proposal(project, bundle, champion, known, as_of=old.as_of))


@dataclass(frozen=True, eq=False)
class KnownToday:
    """One person's records as they are known today, in the shape of a store that holds nobody else."""

    store: EventStore
    person: int
    records: Records
    """Up to the case's date, each in its version of today."""

    @property
    def purpose(self) -> str:
        """Purpose of the store."""
        return self.store.purpose

    @property
    def content_hash(self) -> str:
        """Hash of the whole store."""
        return self.store.content_hash

    @property
    def indicators(self) -> tuple[str, ...]:
        """Codes that `Records.indicator` counts in."""
        return self.store.indicators

    @property
    def n_persons(self) -> int:
        """One more than the highest person code."""
        return self.store.n_persons

    def read_part(self, part: int, *, indicators: Sequence[str] | None = None) -> Records:
        """Give the person's records, in their own part; nobody's in every other."""
        if part != self.person // PERSONS_PER_PART:
            return Records.empty()
        if indicators is None:
            return self.records
        places = [self.indicators.index(code) for code in indicators if code in self.indicators]
        return self.records.take(np.isin(self.records.indicator, places))

    def subjects(self) -> pd.DataFrame:
        """Give the one subject."""
        subjects = self.store.subjects()
        return subjects[subjects["person"] == self.person].reset_index(drop=True)


def read_what_is_known(project: Project, subject_id: str, *, as_of: date, today: date) -> KnownToday:
    """Read what is known today of a person up to a date, under the consents of today (R-23).

    Raises
    ------
    ReviewError
        TID784 when the person is in the store no more.
    """
    store = open_stage_store(project, "score", on=today)
    subjects = store.subjects()
    persons = subjects.loc[subjects["subject_id"] == subject_id, "person"].to_numpy(dtype=np.int32)
    if not len(persons):
        raise ReviewError("TID784", "nothing can be computed of this person any more: the store holds them no longer. Close the case.")
    person, day = int(persons[0]), day_number(as_of)
    records = store.read_part(person // PERSONS_PER_PART)
    known = (records.person == person) & (records.known_on <= day_number(today)) & (records.known_to > day_number(today))
    return KnownToday(store, person, _as_if_known(records.take(known & (records.happened_on <= day)), day))


def _as_if_known(records: Records, day: int) -> Records:
    """Let every record count from when it happened, in store order."""
    counted = replace(
        records, known_on=np.minimum(records.known_on, day).astype(np.int32), known_to=np.full_like(records.known_to, IN_FORCE)
    )
    columns = {"person": counted.person, "happened_on": counted.happened_on, "known_on": counted.known_on}
    return counted.take(store_order(columns))


def _is_in_cohort(project: Project, known: KnownToday, stage: Stage, *, as_of: date, today: date) -> bool:
    restricted = restricted_persons(project, "score", on=today)
    try:
        build_cohort(project, known, stage, as_of=as_of, known_by=today, restricted=restricted)
    except DataError as error:
        if error.code != NOBODY_IN_COHORT:
            raise
        return False
    return True


def _build_proposal(project: Project, bundle: Bundle, champion: Champion, known: KnownToday, *, as_of: date) -> Proposal:
    picture = _picture(project, bundle, known, as_of=as_of)
    scores, contributions = bundle.score(picture), bundle.explain(picture)
    dates = _last_dates(known)
    log_odds, band = float(contributions.log_odds[0]), Band(str(scores.band[0]))
    return Proposal(
        band=band,
        probability=float(scores.probability[0]),
        log_odds=log_odds,
        base_log_odds=contributions.base,
        frequency=frequency_of(project, bundle, band),
        uncertainty=uncertainty_of(project, bundle, log_odds),
        reasons=tuple(with_dates(bundle.reasons(picture)[0], dates)),
        model_name=champion.name,
        model_version=champion.version,
        bundle_hash=bundle.hash,
        stage=bundle.stage,
        outcome=bundle.outcome,
        as_of=as_of,
        inputs_sha256=inputs_sha256(bundle.feature_names, picture),
        seen=build_seen(project, bundle, picture, dates),
    )


def _picture(project: Project, bundle: Bundle, known: KnownToday, *, as_of: date) -> Matrix:
    """Compute the model's columns of the one person, shape (1, n_features)."""
    rows = Rows(np.array([known.person], dtype=np.int32), np.array([day_number(as_of)], dtype=np.int32))
    by_name = {spec.name: spec for spec in stage_specs(project)}
    bundle.check_columns(tuple(by_name))
    specs = [by_name[name] for name in bundle.feature_names]
    return feature_matrix(known.records, rows, specs, indicators=known.indicators, levels=levels_of(project))


def _last_dates(known: KnownToday) -> dict[str, date]:
    places, happened_on = known.records.indicator.tolist(), known.records.happened_on.tolist()
    newest: dict[int, int] = {}
    for place, day in zip(places, happened_on, strict=True):
        newest[place] = max(day, newest.get(place, day))
    return {known.indicators[place]: day_of(day) for place, day in newest.items()}
