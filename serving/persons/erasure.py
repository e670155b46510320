"""Erase one person after a leader's or a court's decision, and prove that nothing is left to read (R-25; GDPR Art. 17).

What stays is that there was a case, in which state it ended and when; that the key was erased; the log, whose personal parts no longer
open; and a restriction, with the person's line in the mapping by which it is known whose it is, so that nobody proposes them again.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.erasure import count_person, remove_person
from features.intake.clearing import clear_records
from features.ledger import Anchor
from features.restrictions import read_restrictions
from serving.auditing import log
from serving.cases import exchange
from serving.cases.policies import MIN_REASON
from serving.cases.purging import purge
from serving.cases.stated import checked_words
from serving.cases.states import STATES, CaseState
from serving.person_keys import PersonKeys, erase_person_key
from serving.storage.tables import (
    CaseRow,
    ConsentRow,
    CorrectionRow,
    DecisionRow,
    HandoverRow,
    IdempotentCallRow,
    OwnViewRow,
    PersonKeyRow,
    RestrictionRow,
    StepNoteRow,
)

DecidedBy = Literal["leader", "court"]

_BY_CASE: dict[str, tuple[Any, ColumnElement[bool]]] = {
    "own_views": (OwnViewRow, OwnViewRow.sealed.is_not(None)),
    "decisions": (DecisionRow, or_(DecisionRow.sealed.is_not(None), DecisionRow.reason_mark.is_not(None))),
    "step_notes": (StepNoteRow, StepNoteRow.sealed.is_not(None)),
    "corrections": (CorrectionRow, CorrectionRow.sealed.is_not(None)),
    "consents": (ConsentRow, ConsentRow.sealed.is_not(None)),
    "handovers": (HandoverRow, HandoverRow.sealed.is_not(None)),
}
"""Tables with content about a person that hang on a case -> what of them still holds some."""


@dataclass(frozen=True)
class Place:
    """One place where something of the person could be read."""

    name: str
    before: int
    left: int


@dataclass(frozen=True)
class ErasureProof:
    """That an erasure was done: what there was, what is left, and that the log still verifies."""

    subject_id: str
    decided_by: DecidedBy
    reason: str
    """As given; it is in no table. The log holds its digest. Keep this proof with the decision."""
    erased_at: datetime
    places: tuple[Place, ...]
    log: Anchor
    is_restricted: bool
    """Whether a restriction stands, so that nobody proposes the person again."""

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left anywhere."""
        return self.is_restricted and all(place.left == 0 for place in self.places)


def erase_person(
    session: Session,
    keys: PersonKeys,
    project: Project,
    *,
    subject_id: str,
    decided_by: DecidedBy,
    reason: str,
    actor: str,
    now: datetime,
) -> ErasureProof:
    """Erase a person: cases become tombstones, their key is emptied, their rows leave tables and store; a restriction stays.

    Doing it again changes nothing but the log.

    Raises
    ------
    ReviewError
        TID703 when the reason is shorter than 30 characters, TID707 when it holds a national identity number.
    IntakeError
        TID317 while an ingest is running.
    """
    words = checked_words(reason, what="the reason", at_least=MIN_REASON)
    before = _count(session, project, subject_id)
    empty_person(session, keys, project, subject_id=subject_id, actor=actor, now=now)
    details = {"decided_by": decided_by, "reason_sha256": log.digest(words)}
    newest = session.scalar(select(CaseRow.id).where(CaseRow.subject_id == subject_id).order_by(CaseRow.created_at.desc()).limit(1))
    event = log.Event("person.erased", actor=actor, role=actor, case_id=newest, details=details)
    log.record(session, event, now=now, about=log.About(keys, subject_id, None))
    left = _count(session, project, subject_id)
    return ErasureProof(
        subject_id=subject_id,
        decided_by=decided_by,
        reason=words,
        erased_at=now,
        places=tuple(Place(name, count, left[name]) for name, count in before.items()),
        log=log.verify_log(session).anchor,
        is_restricted=subject_id in set(read_restrictions(project)["subject_id"]),
    )


def empty_person(session: Session, keys: PersonKeys, project: Project, *, subject_id: str, actor: str, now: datetime) -> None:
    """Empty everything of a person that the service holds, here and in the tables it gives to the rooms below."""
    cases = session.scalars(select(CaseRow).where(CaseRow.subject_id == subject_id).order_by(CaseRow.id)).all()
    for case in cases:
        _to_tombstone(session, keys, case, actor=actor, now=now)
    _restrict(session, project, subject_id, cases[0].id if cases else None, role=actor, now=now)
    erase_person_key(session, subject_id, now=now)
    exchange.write_finished_table(session, project)
    remove_person(project, subject_id)
    clear_records(project, [subject_id])


def _to_tombstone(session: Session, keys: PersonKeys, case: CaseRow, *, actor: str, now: datetime) -> None:
    before = case.state
    if not STATES[CaseState(case.state)].ends:
        case.state, case.state_since, case.due_on = CaseState.ERASED.value, now, None
    purge(session, case, now=now)
    event = log.Event("case.erased", actor=actor, role=actor, case_id=case.id, details={"from": before, "to": case.state})
    log.record(session, event, now=now, about=log.About(keys, case.subject_id, None))


def _restrict(session: Session, project: Project, subject_id: str, case_id: str | None, *, role: str, now: datetime) -> None:
    rows = session.scalars(select(RestrictionRow).where(RestrictionRow.subject_id == subject_id)).all()
    for row in rows:
        row.sealed_statement = row.lifted_at = None
    if not rows and case_id is not None:
        session.add(
            RestrictionRow(
                id=secrets.token_hex(16), subject_id=subject_id, case_id=case_id, kind="restriction", role=role, registered_at=now
            )
        )
    session.flush()
    exchange.write_restrictions_table(session, project)
    keep_restricted(project, subject_id, role=role, now=now)


def keep_restricted(project: Project, subject_id: str, *, role: str, now: datetime, kind: str = "restriction") -> None:
    """Put a person into the table of restrictions who is not in it: one without a case has no row of the service's own."""
    table = read_restrictions(project)
    in_force = table[(table["subject_id"] == subject_id) & table["valid_to"].isna()]
    if kind == "objection":  # a no stands beside whatever else keeps somebody out, which may end before it
        in_force = in_force[in_force["kind"] == kind]
    if not in_force.empty:
        return
    exchange.add_restriction(project, subject_id, kind=kind, role=role, now=now)


def _count(session: Session, project: Project, subject_id: str) -> dict[str, int]:
    cases = select(CaseRow.id).where(CaseRow.subject_id == subject_id)
    with_content = or_(CaseRow.sealed_proposal.is_not(None), CaseRow.sealed_need.is_not(None))
    counts = {"cases": _n(session, CaseRow, CaseRow.subject_id == subject_id, with_content)}
    for name, (table, holds) in _BY_CASE.items():
        counts[name] = _n(session, table, table.case_id.in_(cases), holds)
    counts["restrictions"] = _n(
        session, RestrictionRow, RestrictionRow.subject_id == subject_id, RestrictionRow.sealed_statement.is_not(None)
    )
    counts["person_keys"] = _n(session, PersonKeyRow, PersonKeyRow.subject_id == subject_id, PersonKeyRow.wrapped.is_not(None))
    counts["idempotent_calls"] = _n(session, IdempotentCallRow)
    return {**counts, **count_person(project, subject_id)}


def _n(session: Session, table: Any, *where: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*where)) or 0
