"""Tables that the service gives to the lower rooms: restrictions and finished reviews.

They are projections of the database, written whole before its transaction commits: should the commit then fail, a restriction stands that
nobody needed, and the next write puts it right. The other way round an objection could be lost.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, defer

from features.declarations.project import Project
from features.exchanged import FINISHED_REVIEWS
from features.finished_reviews import read_finished_reviews, write_finished_reviews
from features.restrictions import read_restrictions, write_restrictions
from serving.cases.answers import Answer, answers_after
from serving.cases.finished import band_shown, readers_agree, timing_of
from serving.cases.states import CaseState, Step
from serving.person_keys import PersonKeys
from serving.storage.tables import CaseRow, DecisionRow, RestrictionRow, ScreeningRow

AGREES: dict[Step, bool] = {Step.DECIDE_WONDERING: True, Step.DECIDE_NO_NEED: False}
"""Decisions that say the same as the proposal, or the opposite; the others say something else."""

INCLINES: dict[str, bool] = {"concern": True, "no_concern": False}
"""The same for what a reviewer leaned to before seeing it."""

_NOT_FINISHED = (Step.DECIDE_SECOND_READER.value,)

_BEGUN_ANEW = tuple(
    state.value
    for state in (
        CaseState.NEW,
        CaseState.ASSIGNED,
        CaseState.OWN_VIEW,
        CaseState.IN_REVIEW,
        CaseState.NEEDS_SECOND_READER,
        CaseState.SECOND_OWN_VIEW,
    )
)
"""Where a case that was decided stands when its review began anew: what was decided then did not end it."""

_KEPT = ("band", "days_to_opened", "days_to_decided", "minutes_seen", "readers_agree")
"""Columns that are told once, when the decision is made: what they come from is sealed, purged later, or long to read."""

_Key = tuple[str, datetime]


def write_restrictions_table(session: Session, project: Project) -> None:
    """Bring the table of restrictions up to what the database holds; what others wrote there stays."""
    ours = [_restriction(row) for row in session.scalars(select(RestrictionRow).order_by(RestrictionRow.registered_at, RestrictionRow.id))]
    written = {(row["subject_id"], row["kind"], row["recorded_at"]) for row in ours}
    kept = read_restrictions(project)
    others = [row for row in kept.to_dict("records") if (row["subject_id"], row["kind"], row["recorded_at"].to_pydatetime()) not in written]
    write_restrictions(project, pd.DataFrame([*others, *ours], columns=kept.columns))


def add_restriction(project: Project, subject_id: str, *, kind: str, role: str, now: datetime) -> None:
    """Put a restriction into the table that has no row in the database: one without a case has none."""
    table = read_restrictions(project)
    row = {"subject_id": subject_id, "kind": kind, "valid_from": now.date(), "valid_to": None, "recorded_at": now, "recorded_by_role": role}
    write_restrictions(project, pd.DataFrame([*table.to_dict("records"), row], columns=table.columns))


def write_finished_table(session: Session, project: Project, *, keys: PersonKeys | None = None) -> None:
    """Write every finished review: coded, without a word that anybody wrote.

    Reviews of people who objected are left out, and all of protected addresses: a row would tell that there is one (R-08).

    Parameters
    ----------
    keys
        Reads what is sealed in cases decided since the last writing. Without them it is not known yet; what was known stays.
    """
    session.flush()
    kept, reviewer = _kept(project), _reviewer_numbers()
    answers = answers_after(session, not_finished=_NOT_FINISHED)
    decided = [
        {
            **_finished(case, screening, decision, is_newest=is_newest),
            **_told_once(session, keys, kept, case, decision, is_newest=is_newest),
            **_followed(answers.get((case.id, decision.decided_at))),
            "reviewer": reviewer(decision.account_id),
        }
        for case, screening, decision, is_newest in _decided(session)
    ]
    expired = [_expired(session, kept, case, screening) for case, screening in session.execute(_ended_by_time())]
    write_finished_reviews(project, pd.DataFrame([*decided, *expired], columns=FINISHED_REVIEWS.names))


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


def _kept(project: Project) -> Mapping[_Key, Mapping[str, Any]]:
    """Give what the table told before of each review, where it told of it at all."""
    before = read_finished_reviews(project)
    told = before[before["days_to_decided"].notna()]
    columns = told[list(_KEPT)].astype(object).where(told[list(_KEPT)].notna(), None)
    keys = zip(told["case_id"], (at.to_pydatetime() for at in told["decided_at"]), strict=True)
    rows: list[dict[str, Any]] = [dict(zip(_KEPT, values, strict=True)) for values in columns.itertuples(index=False, name=None)]
    return dict(zip(keys, rows, strict=True))


def _reviewer_numbers() -> Callable[[str], str]:
    """Number accounts by a key that is drawn for this writing and then forgotten: nobody turns a number back, or finds it again."""
    key = secrets.token_bytes(32)
    return lambda account_id: hmac.new(key, account_id.encode(), sha256).hexdigest()[:16]


def _decided(session: Session) -> Iterator[tuple[CaseRow, ScreeningRow, DecisionRow, bool]]:
    rows = (
        select(CaseRow, ScreeningRow, DecisionRow)
        .join(ScreeningRow, ScreeningRow.id == CaseRow.screening_id)
        .join(DecisionRow, DecisionRow.case_id == CaseRow.id)
        .where(_may_be_told(), DecisionRow.step.not_in(_NOT_FINISHED))
        .options(defer(CaseRow.sealed_proposal), defer(CaseRow.sealed_need), defer(DecisionRow.sealed))
        .order_by(DecisionRow.decided_at, CaseRow.id)
    )
    found = list(session.execute(rows))
    newest = {case.id: place for place, (case, _, _) in enumerate(found)}
    return ((case, screening, decision, newest[case.id] == place) for place, (case, screening, decision) in enumerate(found))


def _ended_by_time() -> Any:
    has_decision = select(DecisionRow.id).where(DecisionRow.case_id == CaseRow.id, DecisionRow.step.not_in(_NOT_FINISHED)).exists()
    return (
        select(CaseRow, ScreeningRow)
        .join(ScreeningRow, ScreeningRow.id == CaseRow.screening_id)
        .where(CaseRow.state == CaseState.EXPIRED.value, _may_be_told(), ~has_decision)
        .order_by(CaseRow.state_since, CaseRow.id)
    )


def _may_be_told() -> ColumnElement[bool]:
    """Build the condition by person, not by case: a case that was closed before the objection leaves the table too (R-22)."""
    objected = CaseRow.subject_id.in_(select(RestrictionRow.subject_id).where(RestrictionRow.lifted_at.is_(None)))
    shielded = CaseRow.is_shielded.is_(True) | (CaseRow.state == CaseState.SHIELDED.value)
    return ~objected & ~shielded


def _finished(case: CaseRow, screening: ScreeningRow, decision: DecisionRow, *, is_newest: bool) -> dict[str, Any]:
    step = Step(decision.step)
    return {
        **_about(case, screening),
        "own_view": decision.inclination,
        "decided_at": decision.decided_at,
        "decision": decision.step.removeprefix("decide_"),
        "agreed_before": INCLINES.get(decision.inclination),
        "agreed_after": AGREES.get(step),
        "second_reader": case.second_reader_id is not None,
        "data_error": step is Step.DECIDE_WRONG_BASIS and is_newest and case.state not in _BEGUN_ANEW,
    }


def _followed(answer: Answer | None) -> dict[str, bool | None]:
    return {"informed": None, "consent": None} if answer is None else asdict(answer)


def _told_once(
    session: Session,
    keys: PersonKeys | None,
    kept: Mapping[_Key, Mapping[str, Any]],
    case: CaseRow,
    decision: DecisionRow,
    *,
    is_newest: bool,
) -> dict[str, Any]:
    before = kept.get((case.id, decision.decided_at))
    told = dict(before) if before is not None else _timing(session, case, decision.decided_at, Step(decision.step))
    # What is sealed in the case is of its newest review: of one before it, only what was told then is known.
    if keys is not None and is_newest and case.state not in _BEGUN_ANEW:
        told["band"] = told.get("band") or band_shown(session, keys, case)
        told["readers_agree"] = readers_agree(session, keys, case) if told.get("readers_agree") is None else told["readers_agree"]
    return told


def _expired(session: Session, kept: Mapping[_Key, Mapping[str, Any]], case: CaseRow, screening: ScreeningRow) -> dict[str, Any]:
    before = kept.get((case.id, case.state_since))
    timing = dict(before) if before is not None else _timing(session, case, case.state_since, Step.EXPIRE)
    return {
        **_about(case, screening),
        "own_view": None,
        "decided_at": case.state_since,
        "decision": "expired",
        "agreed_before": None,
        "agreed_after": None,
        "second_reader": False,
        "data_error": False,
        **timing,
    }


def _timing(session: Session, case: CaseRow, ended_at: datetime, step: Step) -> dict[str, Any]:
    is_held_back = case.without_proposal
    return asdict(timing_of(session, case.id, proposed_at=case.created_at, ended_at=ended_at, step=step, is_held_back=is_held_back))


def _about(case: CaseRow, screening: ScreeningRow) -> dict[str, Any]:
    return {
        "subject_id": case.subject_id,
        "case_id": case.id,
        "model": screening.model_name,
        "stage": screening.stage,
        "as_of": screening.as_of,
        "proposed_at": case.created_at,
        "municipality": case.municipality,
        "held_back": case.without_proposal,
        "quality_sample": case.is_quality_sample,
    }
