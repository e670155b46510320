"""Screening: propose cases for review, at most as many as the services can look at, and nothing else.

What is proposed is a case that waits for a person. Nobody is told, nothing is sent, and no list of scores leaves.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from features.errors import DataError, ModelError, ProjectError
from features.progress import Progress, Silent
from features.project import Project, Stage
from features.store import EventStore, open_store
from features.tables import build_stage_table
from models.bands import Band
from models.bundle import Bundle, model_name
from models.deployment import deployed_bundle, find_champion
from models.reasons import build_reasons, with_dates
from serving import exchange, log
from serving.candidates import Candidate, ScoredCohort, already_followed, choose, find_candidates, score_cohort
from serving.cases.deadlines import due_in_state
from serving.cases.expiry import SYSTEM, expire_overdue
from serving.cases.proposal import Proposal, frequency_of
from serving.cases.states import OPEN_STATES, CaseState
from serving.database import Database
from serving.overview import hide_small, or_none
from serving.person_keys import PersonKeys
from serving.tables import CaseRow, RestrictionRow, ScreeningRow

NOBODY_IN_COHORT = "TID426"


@dataclass(frozen=True)
class Screened:
    """What one model's screening came to; small numbers are None."""

    screening_id: str
    stage: str
    outcome: str
    model_name: str
    model_version: str
    n_scored: int | None
    n_in_band: int | None
    n_cases: int | None
    cases_by_municipality: dict[str, int | None]
    is_repeat: bool
    """This very screening was done before: nothing was proposed again."""


@dataclass(frozen=True)
class ScreeningReport:
    """What a run came to."""

    as_of: date
    screened: tuple[Screened, ...]
    skipped: tuple[tuple[str, str], ...]
    """Stage and why it was not screened."""
    n_expired: int
    """Older cases that expired unreviewed."""


def screen(
    project: Project,
    database: Database,
    keys: PersonKeys,
    *,
    as_of: date,
    now: datetime,
    stages: Sequence[str] | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> ScreeningReport:
    """Score the cohorts of a date with the models that serve and propose the highest, within each municipality's capacity.

    Doing it again with the same models changes nothing: a screening is known by stage, outcome, date and model version.
    Capacity is a municipality's for the date, all stages and outcomes together. All cases of a run are written in one transaction.

    Raises
    ------
    PurposeError
        TID201, TID202 without a score purpose that is valid both on the as-of date and today.
    ProjectError
        TID130 when the project says nothing on municipalities, TID131 for a stage that it does not have.
    ModelError
        TID507 when no model serves any of the stages.
    DataError
        TID426 when nobody is in any stage's cohort on that date.
    """
    _check_can_screen(project, as_of=as_of, today=now.date())
    bar = progress or Silent()
    store = open_store(project, "score")
    cohorts, skipped = score_stages(project, stages, as_of=as_of, now=now, workers=workers, progress=bar)
    followed = already_followed(project, store, as_of=as_of)
    with database.transaction() as session:
        n_expired = expire_overdue(session, project, now=now)
        new = [c for c in cohorts if session.get(ScreeningRow, screening_id(project, c, as_of)) is None]
        barred = _barred(session, project, now=now)
        candidates = [x for c in new for x in find_candidates(project, c, already_followed=followed, barred=barred)]
        chosen = choose(candidates, capacity=_capacity_left(session, project, as_of))
        with bar.step("Propose cases", total=len(chosen)) as step:
            for scored in new:
                _write_screening(session, project, scored, [c for c in chosen if c.scored is scored], as_of=as_of, now=now)
            for candidate in chosen:
                _write_case(session, project, keys, store, candidate, as_of=as_of, now=now)
                step.advance()
        for scored in new:
            proposed = frozenset(c.subject_id for c in chosen if c.scored is scored)
            exchange.write_scored_rows(project, scored, screening_id(project, scored, as_of), proposed=proposed, as_of=as_of)
        screened = tuple(_screened(session, project, c, as_of, is_repeat=c not in new) for c in cohorts)
    return ScreeningReport(as_of, screened, skipped, n_expired)


def screening_id(project: Project, scored: ScoredCohort, as_of: date) -> str:
    """Name a screening by what it is, so that doing it again is seen: 32 hex digits."""
    parts = (project.id, scored.stage.name, scored.outcome, as_of.isoformat(), scored.champion.name, scored.champion.version)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def build_proposal(project: Project, store: EventStore, scored: ScoredCohort, row: int, *, as_of: date) -> Proposal:
    """Build the whole proposal for one row: reasons that add up to the served log-odds, with values and dates."""
    bundle, values = scored.bundle, scored.matrix[row]
    contributions = bundle.explain(scored.matrix[row : row + 1])
    reasons = build_reasons(bundle.catalogue, contributions.names, contributions.phi[0], values, bundle.reference)
    dates = _last_dates(store, int(scored.frame["person"].iloc[row]), as_of)
    band = Band(str(scored.scores.band[row]))
    return Proposal(
        band=band,
        probability=float(scored.scores.probability[row]),
        log_odds=float(contributions.log_odds[0]),
        base_log_odds=contributions.base,
        frequency=frequency_of(project, bundle, band),
        reasons=tuple(with_dates(reasons, dates)),
        model_name=scored.champion.name,
        model_version=scored.champion.version,
        bundle_hash=bundle.hash,
        stage=scored.stage.name,
        outcome=scored.outcome,
        as_of=as_of,
    )


def _check_can_screen(project: Project, *, as_of: date, today: date) -> None:
    _check_purpose(project, as_of=as_of, today=today)
    if project.screening.municipality_indicator is None or not project.screening.municipality:
        raise ProjectError(
            "TID130",
            f"{project.root / 'screening.toml'} does not say who works cases: set `municipality_indicator` and at least one "
            "[[municipality]]. Without them a project can train and monitor, not screen.",
        )


def _check_purpose(project: Project, *, as_of: date, today: date) -> None:
    for day in (as_of, today):
        project.check_purpose("score", on=day)
    if as_of > today:
        raise DataError("TID430", f"as-of date {as_of} is still to come. Choose a date up to {today}.")


def _stages(project: Project, names: Sequence[str] | None) -> list[Stage]:
    unknown = [name for name in names or () if name not in project.stages]
    if unknown:
        raise ProjectError(
            "TID131", f"no stage {', '.join(unknown)} in {project.root / 'screening.toml'}. It has {', '.join(project.stages)}."
        )
    return [stage for name, stage in project.stages.items() if names is None or name in names]


def score_stages(
    project: Project,
    stages: Sequence[str] | None,
    *,
    as_of: date,
    now: datetime,
    workers: int = 1,
    progress: Progress | None = None,
) -> tuple[list[ScoredCohort], tuple[tuple[str, str], ...]]:
    """Score the cohorts of a date with every model that serves; also say which stages were skipped and why.

    Raises
    ------
    PurposeError
        TID201, TID202.
    ModelError, DataError
        TID507, TID426 when that holds for every stage asked for.
    """
    _check_purpose(project, as_of=as_of, today=now.date())
    scored: list[ScoredCohort] = []
    skipped: list[tuple[str, DataError | ModelError]] = []
    for stage in _stages(project, stages):
        try:
            scored += _score_stage(project, stage, as_of=as_of, now=now, workers=workers, progress=progress)
        except (DataError, ModelError) as error:
            if error.code not in (NOBODY_IN_COHORT, "TID507"):
                raise
            skipped.append((stage.name, error))
    if not scored and skipped:
        raise skipped[0][1]
    return scored, tuple((name, str(error)) for name, error in skipped)


def _score_stage(
    project: Project, stage: Stage, *, as_of: date, now: datetime, workers: int, progress: Progress | None
) -> list[ScoredCohort]:
    found = [(o, find_champion(project, model_name(project.id, o, stage.name))) for o in stage.outcomes]
    serving = [(outcome, champion) for outcome, champion in found if champion is not None]
    if not serving:
        raise ModelError("TID507", f"no model serves stage {stage.name}. Train one, then promote it with `tidlig models promote`.")
    cohort, table = build_stage_table(project, "score", stage, on=now.date(), as_of=as_of, workers=workers, progress=progress)
    return [score_cohort(stage, outcome, c, _bundle(project, c.name), cohort, table) for outcome, c in serving]


def _bundle(project: Project, name: str) -> Bundle:
    """Load the model that serves; one that learnt from invented people says nothing of others, nor the other way round (R-33)."""
    bundle, kind = deployed_bundle(project, name), project.screening.project.data
    if bundle.data != kind:
        raise ModelError("TID513", f"{name} learnt from {bundle.data} data and this project's is {kind}. Train a model of its own.")
    return bundle


def _barred(session: Session, project: Project, *, now: datetime) -> frozenset[str]:
    """Subjects with an open case, one made within the cool-down, or an objection (R-22, R-31)."""
    since = now - timedelta(days=round(project.screening.retention.reproposal_months * 30.44))
    cases = select(CaseRow.subject_id).where(CaseRow.state.in_([s.value for s in OPEN_STATES]) | (CaseRow.created_at > since))
    objections = select(RestrictionRow.subject_id)
    return frozenset(session.scalars(cases)) | frozenset(session.scalars(objections))


def _capacity_left(session: Session, project: Project, as_of: date) -> dict[str, int]:
    """Give each municipality's capacity for the date, less what earlier runs of the same date took."""
    taken = select(CaseRow.municipality, func.count()).join(ScreeningRow, ScreeningRow.id == CaseRow.screening_id)
    used = dict(session.execute(taken.where(ScreeningRow.as_of == as_of).group_by(CaseRow.municipality)).all())
    return {m.number: max(0, m.capacity - used.get(m.number, 0)) for m in project.screening.municipality}


def _write_screening(
    session: Session, project: Project, scored: ScoredCohort, chosen: Sequence[Candidate], *, as_of: date, now: datetime
) -> None:
    by_municipality = Counter({m.number: 0 for m in project.screening.municipality})
    by_municipality.update(c.municipality for c in chosen if not c.is_shielded)
    shown = ~scored.frame["shielded"].to_numpy(dtype=bool)
    row = ScreeningRow(
        id=screening_id(project, scored, as_of),
        stage=scored.stage.name,
        outcome=scored.outcome,
        as_of=as_of,
        model_name=scored.champion.name,
        model_version=scored.champion.version,
        bundle_hash=scored.bundle.hash,
        screened_at=now,
        n_scored=int(shown.sum()),
        n_in_band=int((scored.in_band & shown).sum()),
        cases_by_municipality=dict(by_municipality),
    )
    session.add(row)
    session.flush()
    details: dict[str, Any] = {
        "screening": row.id,
        "stage": row.stage,
        "outcome": row.outcome,
        "as_of": as_of.isoformat(),
        "model": row.model_name,
        "version": row.model_version,
        "bundle_hash": row.bundle_hash,
        "cut_off": scored.bundle.bands.worth_a_look,
        "cases": hide_small(dict(by_municipality)),
    }
    log.record(session, log.Event("screening.done", actor=SYSTEM, role=SYSTEM, details=details), now=now)


def _write_case(
    session: Session, project: Project, keys: PersonKeys, store: EventStore, candidate: Candidate, *, as_of: date, now: datetime
) -> None:
    proposal = build_proposal(project, store, candidate.scored, candidate.row, as_of=as_of).to_json()
    row = CaseRow(
        id=secrets.token_hex(16),
        reference=f"T-{secrets.token_hex(4).upper()}",
        screening_id=screening_id(project, candidate.scored, as_of),
        subject_id=candidate.subject_id,
        municipality=None if candidate.is_shielded else candidate.municipality,
        is_shielded=candidate.is_shielded,
        needs_second_reader=candidate.needs_second_reader,
        state=CaseState.NEW.value,
        state_since=now,
        due_on=due_in_state(CaseState.NEW, now.date()),
        expires_on=now.date() + timedelta(days=project.screening.retention.unreviewed_days),
        created_at=now,
        sealed_proposal=keys.seal(session, candidate.subject_id, proposal, now=now),
    )
    session.add(row)
    session.flush()
    event = log.Event("case.proposed", actor=SYSTEM, role=SYSTEM, case_id=row.id, details={"screening": row.screening_id})
    log.record(session, event, now=now, about=log.About(keys, row.subject_id, {"proposal_sha256": log.digest(proposal)}))


def _last_dates(store: EventStore, person: int, as_of: date) -> dict[str, date]:
    records = store.records_of([person], as_of=as_of)
    return {str(code): day for code, day in records.groupby("indicator")["happened_on"].max().items()}


def _screened(session: Session, project: Project, scored: ScoredCohort, as_of: date, *, is_repeat: bool) -> Screened:
    row = session.get_one(ScreeningRow, screening_id(project, scored, as_of))
    counts = {str(k): int(n) for k, n in row.cases_by_municipality.items()}
    total = sum(counts.values())
    return Screened(
        screening_id=row.id,
        stage=row.stage,
        outcome=row.outcome,
        model_name=row.model_name,
        model_version=row.model_version,
        n_scored=or_none(row.n_scored),
        n_in_band=or_none(row.n_in_band),
        n_cases=or_none(total),
        cases_by_municipality=hide_small(counts),
        is_repeat=is_repeat,
    )
