"""Screening: propose cases for review, at most as many as the services can look at, and nothing else.

What is proposed is a case that waits for a person. Nobody is told, nothing is sent, and no list of scores leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from features.consents import open_permitted_store
from features.declarations.project import Project
from features.errors import ProjectError
from features.progress import Progress, Silent
from serving.candidates import ScoredCohort, already_followed, choose, find_candidates
from serving.cases.expiry import expire_overdue
from serving.cases.states import OPEN_STATES
from serving.database import Database
from serving.overview import hide_small, or_none, total_of
from serving.person_keys import PersonKeys
from serving.proposing import screening_id, write_case, write_scored_rows, write_screening
from serving.scoring import ScreeningEngine, check_score_purpose, score_stages
from serving.tables import CaseRow, RestrictionRow, ScreeningRow


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
    engine: ScreeningEngine | None = None,
    progress: Progress | None = None,
) -> ScreeningReport:
    """Score the cohorts of a date with the models that serve and propose the highest, within each municipality's capacity.

    Doing it again with the same models changes nothing: a screening is known by stage, outcome, date and model version.
    Capacity is a municipality's for the date, all stages and outcomes together. All cases of a run are written in one transaction.

    Raises
    ------
    PurposeError
        TID201, TID202 without a score purpose that is valid both on the as-of date and today, or without an audit purpose today.
    ProjectError
        TID130 when the project says nothing on municipalities, TID131 for a stage that it does not have.
    ModelError
        TID507 when no model serves any of the stages.
    DataError
        TID426 when nobody is in any stage's cohort on that date.
    """
    check_can_screen(project, as_of=as_of, today=now.date())
    bar = progress or Silent()
    store = open_permitted_store(project, "score", on=now.date())
    cohorts, skipped = score_stages(project, stages, as_of=as_of, now=now, engine=engine, progress=bar)
    followed = already_followed(project, store, as_of=as_of)
    with database.transaction() as session:
        n_expired = expire_overdue(session, project, now=now)
        new = [c for c in cohorts if session.get(ScreeningRow, screening_id(project, c, as_of)) is None]
        barred = _barred(session, project, now=now)
        candidates = [x for c in new for x in find_candidates(project, c, already_followed=followed, barred=barred)]
        chosen = choose(candidates, capacity=_capacity_left(session, project, as_of))
        with bar.step("Propose cases", total=len(chosen)) as step:
            for scored in new:
                write_screening(session, project, scored, [c for c in chosen if c.scored is scored], as_of=as_of, now=now)
            for candidate in chosen:
                write_case(session, project, keys, store, candidate, as_of=as_of, now=now)
                step.advance()
        for scored in new:
            proposed = frozenset(c.subject_id for c in chosen if c.scored is scored)
            write_scored_rows(project, scored, screening_id(project, scored, as_of), proposed=proposed, as_of=as_of, on=now.date())
        screened = tuple(_screened(session, project, c, as_of, is_repeat=c not in new) for c in cohorts)
    return ScreeningReport(as_of, screened, skipped, n_expired)


def check_can_screen(project: Project, *, as_of: date, today: date) -> None:
    """Refuse a project that may not screen, or says nothing on who works cases; before anything is read or written.

    Raises
    ------
    PurposeError
        TID201, TID202 without a score purpose on both days, or without an audit purpose today: outcomes of who is scored are monitored.
    DataError
        TID430 for a date to come.
    ProjectError
        TID130 when the project says nothing on municipalities.
    """
    check_score_purpose(project, as_of=as_of, today=today)
    project.check_purpose("audit", on=today)
    if project.screening.municipality_indicator is None or not project.screening.municipality:
        raise ProjectError(
            "TID130",
            f"{project.root / 'screening.toml'} does not say who works cases: set `municipality_indicator` and at least one "
            "[[municipality]]. Without them a project can train and monitor, not screen.",
        )


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


def _screened(session: Session, project: Project, scored: ScoredCohort, as_of: date, *, is_repeat: bool) -> Screened:
    row = session.get_one(ScreeningRow, screening_id(project, scored, as_of))
    counts = {str(k): int(n) for k, n in row.cases_by_municipality.items()}
    return Screened(
        screening_id=row.id,
        stage=row.stage,
        outcome=row.outcome,
        model_name=row.model_name,
        model_version=row.model_version,
        n_scored=or_none(row.n_scored),
        n_in_band=or_none(row.n_in_band),
        n_cases=total_of(counts),
        cases_by_municipality=hide_small(counts),
        is_repeat=is_repeat,
    )
