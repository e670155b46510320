"""Addresses that became protected since a case was made (R-08).

A confidential address takes the case out of everybody's list but the shielded caseworkers'; a strictly confidential one takes the person
out of the service altogether. Neither leaves a gap, a counter or a municipality behind, and the log says neither which of them it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.errors import ReviewError
from features.store import find_store_manifest, open_store
from serving.auditing import log
from serving.cases import exchange
from serving.cases.deadlines import due_in_state
from serving.cases.expiry import SYSTEM
from serving.cases.purging import purge
from serving.cases.states import STEPS, CaseState, Step
from serving.cases.transitions import TRANSITIONS
from serving.person_keys import erase_person_key
from serving.storage.tables import CaseRow, HandoverRow

_A_FEW = 5
"""So many may all have left a store that is the right one."""

_SOME = 500
"""Subjects asked for in one statement; databases bound how many."""


def find_graded(session: Session, project: Project) -> frozenset[str]:
    """Find the persons with a case here whose address is protected now, or who have left the store since.

    Who leaves the store is one whom intake may not know any more: a strictly confidential address leaves no other trace (R-08). Where
    nothing was ever ingested nobody can have left.

    Raises
    ------
    ReviewError
        TID785 when the store knows nobody of more than a few: it is another store, and erasing all of them would be the wrong answer.
    """
    standing = _standing_of(project)
    if standing is None:
        return frozenset()
    open_cases = select(CaseRow.subject_id).where(CaseRow.state != CaseState.SHIELDED.value, CaseRow.purged_at.is_(None)).distinct()
    new = {(subject, standing.get(subject)) for subject in session.scalars(open_cases)}
    if len(new) > _A_FEW and all(shielded is None for _, shielded in new):
        raise ReviewError(
            "TID785", "the store knows none of the people with a case here: it is not the one that they came from. Restore the right one."
        )
    known_as_shielded = set(session.scalars(select(CaseRow.subject_id).where(CaseRow.is_shielded.is_(True))))
    return frozenset(s for s, shielded in new if shielded is None or (shielded and s not in known_as_shielded))


def shield_graded(session: Session, project: Project, *, graded: Collection[str], now: datetime) -> int:
    """Take the cases of these persons away from those who may no longer know of them, and say how many cases that were.

    Who is still in the store has a confidential address: their open cases begin anew among the shielded caseworkers, without a name or a
    municipality on them. Who is not is erased here: content purged, key erased, the case over.
    """
    standing = _standing_of(project) or {}
    n_cases = 0
    for case in list(_cases_of(session, graded)):
        if standing.get(case.subject_id) is None:
            _take_out(session, case, now=now)
        elif not case.is_shielded:
            _hand_to_shielded(session, project, case, now=now)
        else:
            continue
        n_cases += 1
    for subject in graded:
        if standing.get(subject) is None:
            erase_person_key(session, subject, now=now)
    if n_cases:
        session.flush()
        exchange.write_finished_table(session, project)
    return n_cases


def _standing_of(project: Project) -> dict[str, bool] | None:
    """Say of every subject of the store whether their address is protected; None where nothing was ingested."""
    manifest = find_store_manifest(project)
    if manifest is None or "score" not in manifest.purposes:
        return None
    subjects = open_store(project, "score").subjects()
    return dict(zip(subjects["subject_id"].tolist(), subjects["shielded"].tolist(), strict=True))


def _cases_of(session: Session, subjects: Collection[str]) -> Iterator[CaseRow]:
    ordered = sorted(subjects)
    for start in range(0, len(ordered), _SOME):
        some = ordered[start : start + _SOME]
        yield from session.scalars(select(CaseRow).where(CaseRow.subject_id.in_(some)).order_by(CaseRow.id)).all()


def _take_out(session: Session, case: CaseRow, *, now: datetime) -> None:
    """End a case, whatever stood in it. One that was over already is purged and loses its place."""
    if Step.SHIELD in TRANSITIONS.get(CaseState(case.state), {}):
        case.state, case.state_since, case.due_on = CaseState.SHIELDED.value, now, None
    case.is_shielded, case.municipality, case.assignee_id, case.second_reader_id = True, None, None, None
    purge(session, case, now=now)
    _log(session, case, now=now)


def _hand_to_shielded(session: Session, project: Project, case: CaseRow, *, now: datetime) -> None:
    """Begin a case anew where only shielded caseworkers see it; one that is over or stopped stays so, and is theirs too."""
    state = CaseState(case.state)
    case.is_shielded, case.municipality, case.needs_second_reader = True, None, True
    session.execute(update(HandoverRow).where(HandoverRow.case_id == case.id, HandoverRow.ended_at.is_(None)).values(ended_at=now))
    if Step.SHIELD in TRANSITIONS.get(state, {}) and state not in (CaseState.STOPPED, CaseState.UPHELD):
        case.round += 1
        case.assignee_id = case.second_reader_id = case.sealed_need = None
        case.state, case.state_since, case.reminded_on, case.escalated_on = CaseState.NEW.value, now, None, None
        case.due_on = due_in_state(CaseState.NEW, now.date(), project.screening.review)
        case.expires_on = now.date() + timedelta(days=project.screening.retention.unreviewed_days)
    session.flush()
    _log(session, case, now=now)


def _log(session: Session, case: CaseRow, *, now: datetime) -> None:
    event = log.Event(STEPS[Step.SHIELD].audit, actor=SYSTEM, role=SYSTEM, case_id=case.id, details={"step": Step.SHIELD.value})
    log.record(session, event, now=now)
