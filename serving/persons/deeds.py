"""What people did with a person's case, who opened it, and what they wrote: by role, without anybody's name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.catalogue import Wording
from features.declarations.project import Project
from features.restrictions import read_restrictions
from serving.auditing import log
from serving.cases.shown_views import SHOWN
from serving.cases.states import DECISIONS, STATES, STEPS, CaseState, Step
from serving.local_time import local_day
from serving.person_keys import PersonKeys
from serving.persons.told import CaseTold, ConsentTold, DeedTold, Reader, RestrictionTold, WordsTold
from serving.roles import ROLES, Role
from serving.storage.tables import (
    AccountRow,
    CaseRow,
    ConsentRow,
    CorrectionRow,
    DecisionRow,
    HandoverRow,
    OwnViewRow,
    RestrictionRow,
    StepNoteRow,
)

THIRD_PERSONS = frozenset({"talks", "talked", "holder", "given_by_name", "signer_name"})
"""Fields that name somebody else; they are not told."""

_NAMES_SERVICES = frozenset({"services", "categories", "purpose"})
"""Fields of a consent that tell which services help; one of two guardians may not know of it (R-06)."""

_OF_THE_SERVICE = Wording(nb="Tjenesten selv", nn="Tenesta sjølv", en="The service itself")
_KEY_HOLDER = Wording(nb="Nøkkelholder", nn="Nøkkelhaldar", en="Key holder")
_KEPT = {Role.SHIELDED_CASEWORKER.value: Wording(nb="Saksbehandler", nn="Saksbehandlar", en="Caseworker")}
"""A print-out may be seen by others: it does not say that this person's address is protected (R-08)."""
_STATE_KEPT = {CaseState.SHIELDED: CaseState.ERASED}
_DEED_KEPT = {STEPS[Step.SHIELD].audit: "case.begun_anew"}
"""Nor do a case's state and what was done; both are told by what else they are."""

_HANDED_OVER = (Step.HAND_OVER_1, Step.HAND_OVER_2, Step.HAND_OVER_3)
_NAMED = frozenset({*DECISIONS, *_HANDED_OVER})
"""Steps whose own words say more than that of their event."""
_DECIDING = frozenset(STEPS[step].audit for step in (*_NAMED, Step.UPHOLD, Step.ERASE, Step.CLOSE))


def case_told(session: Session, keys: PersonKeys, case: CaseRow, *, reader: Reader) -> CaseTold:
    """Tell one case: what was decided, who looked and when, what else was done, what was written, what was agreed."""
    writers = _Writers(session)
    lines = log.read_case_lines(session, case.id)
    deeds = [(line, _deed(line, writers, reader)) for line in lines]
    sealed = _Sealed(session, keys, case)
    state = CaseState(case.state)
    return CaseTold(
        reference=case.reference,
        state=STATES[_STATE_KEPT.get(state, state)].wording,
        created_on=local_day(case.created_at),
        purged_on=None if case.purged_at is None else local_day(case.purged_at),
        decided=tuple(deed for line, deed in deeds if line.action in _DECIDING),
        opened=tuple(deed for line, deed in deeds if _is_look(line.action)),
        done=tuple(deed for line, deed in deeds if not _is_look(line.action)),
        written=tuple(sorted(_written(session, sealed, case, writers), key=lambda words: words.at)),
        consents=tuple(_consents(session, sealed, case, reader)),
    )


def restrictions_told(session: Session, keys: PersonKeys, subject_id: str) -> tuple[RestrictionTold, ...]:
    """Tell objections and other restrictions, oldest first."""
    rows = session.scalars(
        select(RestrictionRow).where(RestrictionRow.subject_id == subject_id).order_by(RestrictionRow.registered_at)
    ).all()
    is_readable = keys.find(session, subject_id) is not None
    return tuple(
        RestrictionTold(
            row.kind,
            row.registered_at,
            row.lifted_at,
            role_wording(row.role),
            keys.unseal(session, subject_id, row.sealed_statement) if is_readable and row.sealed_statement is not None else None,
        )
        for row in rows
    )


def objections_without_case(project: Project, subject_id: str, *, cases: Sequence[CaseRow]) -> tuple[RestrictionTold, ...]:
    """Tell the no of somebody who never had a case: it stands in the table that every run reads and nowhere else."""
    if cases:
        return ()
    table = read_restrictions(project)
    theirs = table[(table["subject_id"] == subject_id) & (table["kind"] == "objection")].sort_values("recorded_at")
    rows = theirs[["recorded_at", "recorded_by_role"]].itertuples(index=False, name=None)
    return tuple(RestrictionTold("objection", at.to_pydatetime(), None, role_wording(role), None) for at, role in rows)


def role_wording(role: str) -> Wording:
    """Give a role's name; the service's own doings and the key holder's have no role."""
    if role in _KEPT:
        return _KEPT[role]
    if role == "key-holder":
        return _KEY_HOLDER
    return ROLES[Role(role)].name if role in {r.value for r in Role} else _OF_THE_SERVICE


class _Sealed:
    """Opens what was sealed in a case; nothing once it was purged or the person erased."""

    def __init__(self, session: Session, keys: PersonKeys, case: CaseRow) -> None:
        self._session, self._keys, self._subject = session, keys, case.subject_id
        self._is_readable = keys.find(session, case.subject_id) is not None

    def open(self, sealed: bytes | None) -> Any:
        return self._keys.unseal(self._session, self._subject, sealed) if self._is_readable and sealed is not None else None


class _Writers:
    """Role and municipality of accounts, each looked up once."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, account_id: str) -> tuple[Wording, str | None]:
        row = self._session.get(AccountRow, account_id)
        return (_OF_THE_SERVICE, None) if row is None else (role_wording(row.role), row.municipality)


def _is_look(action: str) -> bool:
    return action.endswith("read") or action in ("case.opened", "case.reconstructed", "identity.revealed")


def _deed(line: log.LogLine, writers: _Writers, reader: Reader) -> DeedTold:
    _, municipality = writers.of(line.actor)
    step = line.details.get("step")
    return DeedTold(
        line.at,
        _DEED_KEPT.get(line.action, line.action),
        _step_wording(step) if step in _NAMED else None,
        role_wording(line.role),
        municipality if reader is Reader.PERSON else None,
    )


def _step_wording(step: str | None) -> Wording | None:
    return STEPS[Step(step)].wording if step is not None and step in {s.value for s in Step} else None


def _written(session: Session, sealed: _Sealed, case: CaseRow, writers: _Writers) -> Iterable[WordsTold]:
    need = sealed.open(case.sealed_need)
    if need is not None:
        role, _ = writers.of(case.assignee_id or "")
        yield WordsTold(case.created_at, "need", None, role, {"need": str(need)})
    for view in session.scalars(select(OwnViewRow).where(OwnViewRow.case_id == case.id)):
        yield from _words(view.written_at, "own_view", None, writers.of(view.account_id)[0], sealed.open(view.sealed))
    for row in session.scalars(select(DecisionRow).where(DecisionRow.case_id == case.id)):
        yield from _words(row.decided_at, "decision", _step_wording(row.step), writers.of(row.account_id)[0], sealed.open(row.sealed))
    for note in session.scalars(select(StepNoteRow).where(StepNoteRow.case_id == case.id)):
        if not note.step.startswith(SHOWN):
            yield from _words(note.written_at, "note", _step_wording(note.step), writers.of(note.account_id)[0], sealed.open(note.sealed))
    for row_ in session.scalars(select(CorrectionRow).where(CorrectionRow.case_id == case.id)):
        yield from _words(row_.reported_at, "correction", None, role_wording(Role.COORDINATOR.value), sealed.open(row_.sealed))
    for handover in session.scalars(select(HandoverRow).where(HandoverRow.case_id == case.id)):
        yield from _words(handover.made_at, "handover", None, role_wording(Role.COORDINATOR.value), sealed.open(handover.sealed))


def _words(at: Any, kind: str, step: Wording | None, role: Wording, content: Any) -> Iterable[WordsTold]:
    if content is not None:
        yield WordsTold(at, kind, step, role, _fields(content))


def _consents(session: Session, sealed: _Sealed, case: CaseRow, reader: Reader) -> Iterable[ConsentTold]:
    for row in session.scalars(select(ConsentRow).where(ConsentRow.case_id == case.id).order_by(ConsentRow.recorded_at)):
        fields = _fields(sealed.open(row.sealed) or {})
        if reader is Reader.GUARDIAN:
            fields = {name: value for name, value in fields.items() if name not in _NAMES_SERVICES}
        yield ConsentTold(row.given_on, row.valid_to, row.withdrawn_at, fields)


def _fields(content: Any) -> dict[str, str]:
    if not isinstance(content, Mapping):
        return {"text": str(content)}
    return {str(name): _plain(value) for name, value in content.items() if name not in THIRD_PERSONS and value not in (None, "", [])}


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_plain(one) for one in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_plain(one)}" for name, one in value.items() if name not in THIRD_PERSONS)
    return str(value)
