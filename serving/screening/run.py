"""Screening: propose cases for review, at most as many as the services can look at, and nothing else.

What is proposed is a case that waits for a person. Nobody is told, nothing is sent, and no list of scores leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from features.consents import open_permitted_store
from features.declarations.project import Project
from features.errors import ProjectError
from features.progress import Progress, Silent
from serving.aggregates.overview import hide_small, or_none, total_of
from serving.cases.expiry import expire_overdue
from serving.cases.shielding import find_graded, shield_graded
from serving.person_keys import PersonKeys
from serving.purposes.approvals import check_score_approved
from serving.scoring.candidates import Candidate, ScoredCohort, choose, find_candidates
from serving.scoring.capacity import capacity_left
from serving.scoring.cohorts import ScreeningEngine, check_score_purpose, score_stages
from serving.scoring.suppressors import already_followed
from serving.scoring.suspensions import is_suspended, suspended_models
from serving.screening.proposing import screening_id, write_case, write_cohort_record, write_scored_rows, write_screening
from serving.screening.reproposal import barred_subjects, without_stale
from serving.screening.scored_ends import purge_ended_scores
from serving.screening.stopping import suspend_by_findings
from serving.storage.database import Database
from serving.storage.tables import ScreeningRow


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
    Capacity is a municipality's for the calendar period in which the run happens, all dates, stages and outcomes together. All cases of a
    run are written in one transaction. What monitoring says of the models that serve is read first: one that must stop proposes nobody.

    Raises
    ------
    PurposeError
        TID201, TID202 without a score purpose that is valid both on the as-of date and today, or without an audit purpose today.
    ProjectError
        TID130 when the project says nothing on municipalities, TID131 for a stage that it does not have.
    ReviewError
        TID770 when every model that serves the stages is suspended, TID777 with real people's data where the controller has not approved
        the score purpose's words.
    ModelError
        TID507 when no model serves any of the stages.
    DataError
        TID426 when nobody is in any stage's cohort on that date.
    """
    check_can_screen(project, as_of=as_of, today=now.date())
    bar = progress or Silent()
    store = open_permitted_store(project, "score", on=now.date())
    with database.transaction() as session:
        check_score_approved(session, project, days=(as_of, now.date()))
        suspend_by_findings(session, project, now=now)
        suspended = suspended_models(session)
    cohorts, skipped = score_stages(project, stages, as_of=as_of, now=now, suspended=suspended, engine=engine, progress=bar)
    followed = already_followed(project, store, as_of=as_of)
    purge_ended_scores(database, project, now=now)
    with database.transaction() as session:
        check_score_approved(session, project, days=(as_of, now.date()))  # it may have been taken back while the scores were computed
        n_expired = expire_overdue(session, project, now=now)
        shield_graded(session, project, graded=find_graded(session, project), now=now)
        new = [c for c in cohorts if session.get(ScreeningRow, screening_id(project, c, as_of)) is None]
        barred = barred_subjects(session)
        found = [x for c in new for x in find_candidates(project, c, already_followed=followed, barred=barred)]
        candidates = without_stale(session, project, keys, store, _not_suspended(session, found), as_of=as_of, now=now)
        chosen = choose(candidates, capacity=capacity_left(session, project, now=now))
        with bar.step("Propose cases", total=len(chosen)) as step:
            for scored in new:
                write_screening(session, project, scored, [c for c in chosen if c.scored is scored], as_of=as_of, now=now)
            proposals = []
            for candidate in chosen:
                proposals.append((candidate, write_case(session, project, keys, store, candidate, as_of=as_of, now=now)))
                step.advance()
        for scored in new:
            shown = [proposal for candidate, proposal in proposals if candidate.scored is scored and not candidate.is_shielded]
            write_cohort_record(project, scored, shown, as_of=as_of)
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


def _not_suspended(session: Session, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Leave out whom a switch covers: one that was turned while the scores were computed too."""
    asked = {(c.scored.champion.name, None if c.is_shielded else c.municipality) for c in candidates}
    stopped = {(name, place) for name, place in asked if is_suspended(session, model_name=name, municipality=place)}
    return [c for c in candidates if (c.scored.champion.name, None if c.is_shielded else c.municipality) not in stopped]


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
