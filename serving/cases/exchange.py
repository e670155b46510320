"""Tables that the service gives to the lower rooms: restrictions and finished reviews.

They are projections of the database, written whole before its transaction commits: should the commit then fail, a restriction stands that
nobody needed, and the next write puts it right. The other way round an objection could be lost.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.restrictions import read_restrictions, write_finished_reviews, write_restrictions
from serving.cases.states import CaseState, Step
from serving.storage.tables import CaseRow, DecisionRow, RestrictionRow, ScreeningRow

AGREES: dict[Step, bool] = {Step.DECIDE_WONDERING: True, Step.DECIDE_NO_NEED: False}
"""Decisions that say the same as the proposal, or the opposite; the others say something else."""

INCLINES: dict[str, bool] = {"concern": True, "no_concern": False}
"""The same for what a reviewer leaned to before seeing it."""

_NOT_FINISHED = (Step.DECIDE_SECOND_READER.value,)


def write_restrictions_table(session: Session, project: Project) -> None:
    """Bring the table of restrictions up to what the database holds; what others wrote there stays."""
    ours = [_restriction(row) for row in session.scalars(select(RestrictionRow).order_by(RestrictionRow.registered_at, RestrictionRow.id))]
    written = {(row["subject_id"], row["kind"], row["recorded_at"]) for row in ours}
    kept = read_restrictions(project)
    others = [row for row in kept.to_dict("records") if (row["subject_id"], row["kind"], row["recorded_at"].to_pydatetime()) not in written]
    write_restrictions(project, pd.DataFrame([*others, *ours], columns=kept.columns))


def write_finished_table(session: Session, project: Project) -> None:
    """Write every finished review: coded, without a word that anybody wrote. Reviews of people who objected are left out."""
    decided = [_finished(*row) for row in session.execute(_decided())]
    expired = [_expired(*row) for row in session.execute(_ended_by_time())]
    columns = ["subject_id", "case_id", "model", "stage", "as_of", "proposed_at", "own_view", "decided_at", "decision", "agreed_before"]
    write_finished_reviews(project, pd.DataFrame([*decided, *expired], columns=[*columns, "agreed_after", "second_reader"]))


def _restriction(row: RestrictionRow) -> dict[str, Any]:
    """Tell one objection; one that was answered with going on was last in force on the day before."""
    return {
        "subject_id": row.subject_id,
        "kind": row.kind,
        "valid_from": row.registered_at.date(),
        "valid_to": None if row.lifted_at is None else row.lifted_at.date() - timedelta(days=1),
        "recorded_at": row.registered_at,
        "recorded_by_role": row.role,
    }


def _decided() -> Any:
    return (
        select(CaseRow, ScreeningRow, DecisionRow)
        .join(ScreeningRow, ScreeningRow.id == CaseRow.screening_id)
        .join(DecisionRow, DecisionRow.case_id == CaseRow.id)
        .where(_has_not_objected(), DecisionRow.step.not_in(_NOT_FINISHED))
        .order_by(DecisionRow.decided_at, CaseRow.id)
    )


def _ended_by_time() -> Any:
    has_decision = select(DecisionRow.id).where(DecisionRow.case_id == CaseRow.id, DecisionRow.step.not_in(_NOT_FINISHED)).exists()
    return (
        select(CaseRow, ScreeningRow)
        .join(ScreeningRow, ScreeningRow.id == CaseRow.screening_id)
        .where(CaseRow.state == CaseState.EXPIRED.value, _has_not_objected(), ~has_decision)
        .order_by(CaseRow.state_since, CaseRow.id)
    )


def _has_not_objected() -> ColumnElement[bool]:
    """Build the condition by person, not by case: a case that was closed before the objection leaves the table too (R-22)."""
    return CaseRow.subject_id.not_in(select(RestrictionRow.subject_id).where(RestrictionRow.lifted_at.is_(None)))


def _finished(case: CaseRow, screening: ScreeningRow, decision: DecisionRow) -> dict[str, Any]:
    return {
        **_about(case, screening),
        "own_view": decision.inclination,
        "decided_at": decision.decided_at,
        "decision": decision.step.removeprefix("decide_"),
        "agreed_before": INCLINES.get(decision.inclination),
        "agreed_after": AGREES.get(Step(decision.step)),
        "second_reader": case.second_reader_id is not None,
    }


def _expired(case: CaseRow, screening: ScreeningRow) -> dict[str, Any]:
    ended = {"own_view": None, "decided_at": case.state_since, "decision": "expired", "agreed_before": None, "agreed_after": None}
    return {**_about(case, screening), **ended, "second_reader": False}


def _about(case: CaseRow, screening: ScreeningRow) -> dict[str, Any]:
    return {
        "subject_id": case.subject_id,
        "case_id": case.id,
        "model": screening.model_name,
        "stage": screening.stage,
        "as_of": screening.as_of,
        "proposed_at": case.created_at,
    }
