"""What stands of people whatever a backup says: they are erased again, restricted again, released again."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from serving.auditing import log
from serving.auditing.anchors import Standing
from serving.cases import exchange
from serving.cases.states import STEPS, CaseState, Step
from serving.cases.transitions import TRANSITIONS
from serving.person_keys import PersonKeys
from serving.persons.erasure import empty_person, keep_restricted
from serving.storage.tables import CaseRow, PersonKeyRow, RestrictionRow

_KEY_HOLDER = "key-holder"
_NO_KEY = PersonKeys(b"")
"""Erasing needs no key: nothing is sealed."""


def reapply(session: Session, project: Project, standing: Sequence[Standing], *, now: datetime) -> tuple[int, int]:
    """Apply what came after the backup, in its order; say how many people were erased and how many restrictions came or went."""
    erased = {s.subject_id for s in standing if s.kind == "erased"}
    n_restricted = 0
    for one in standing:
        if one.kind != "erased" and one.subject_id not in erased:
            n_restricted += _restrict(session, project, one, now=now) if one.kind == "restricted" else _lift(session, one)
    exchange.write_restrictions_table(session, project)
    n_erased = 0
    for subject_id in sorted(erased):
        key = session.get(PersonKeyRow, subject_id)
        if key is None or key.wrapped is not None:
            empty_person(session, _NO_KEY, project, subject_id=subject_id, actor=_KEY_HOLDER, now=now)
            n_erased += 1
    exchange.write_finished_table(session, project)
    return n_erased, n_restricted


def _restrict(session: Session, project: Project, one: Standing, *, now: datetime) -> int:
    known = select(RestrictionRow.id).where(RestrictionRow.subject_id == one.subject_id, RestrictionRow.registered_at == one.at)
    if session.scalar(known) is not None:
        return 0
    cases = session.scalars(select(CaseRow).where(CaseRow.subject_id == one.subject_id).order_by(CaseRow.id)).all()
    if not cases:
        keep_restricted(project, one.subject_id, role=one.role, now=one.at, kind=one.restriction)
        return 1
    session.add(
        RestrictionRow(
            id=secrets.token_hex(16),
            subject_id=one.subject_id,
            case_id=cases[0].id,
            kind=one.restriction,
            role=one.role,
            registered_at=one.at,
        )
    )
    for case in cases:
        _stop(session, case, now=now)
    session.flush()
    return 1


def _lift(session: Session, one: Standing) -> int:
    rows = session.scalars(
        select(RestrictionRow).where(RestrictionRow.subject_id == one.subject_id, RestrictionRow.lifted_at.is_(None))
    ).all()
    for row in rows:
        row.lifted_at = one.at
    session.flush()
    return len(rows)


def _stop(session: Session, case: CaseRow, *, now: datetime) -> None:
    if Step.OBJECT not in TRANSITIONS.get(CaseState(case.state), {}):
        return
    before, case.state, case.state_since, case.due_on = case.state, CaseState.STOPPED.value, now, None
    details = {"step": Step.STOP.value, "from": before, "to": case.state}
    log.record(session, log.Event(STEPS[Step.STOP].audit, actor=_KEY_HOLDER, role=_KEY_HOLDER, case_id=case.id, details=details), now=now)
