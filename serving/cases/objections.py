"""Objections (R-22): registering one stops every case of the person at once; a leader answers it in writing.

For a person with a protected address, of whom no leader knows, a shielded caseworker does who did not work the case. Who
answers reads the statement and nothing else of the case. Where they uphold the objection the person is erased here for good; where
weighty reasons stand against it, the case may be taken up again, from its start.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable

from sqlalchemy import select

from features.erasure import remove_person
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.auditing import log
from serving.cases import building, exchange
from serving.cases.access import get_case_in_queue, get_case_of_objection, objected_in_reach
from serving.cases.moving import add_note, begin_anew, checked_text, end_handovers, log_about, move, seal
from serving.cases.pages import CasePage, ObjectionLine
from serving.cases.policies import MIN_REASON, check_step, check_version
from serving.cases.purging import purge
from serving.cases.reading import is_readable, unseal
from serving.cases.states import STATES, CaseState, Step
from serving.cases.transitions import TRANSITIONS
from serving.errors import NotFoundError
from serving.person_keys import erase_person_key
from serving.roles import Role
from serving.storage.tables import CaseRow, RestrictionRow


def register_objection(desk: Desk, case_id: str, *, statement: str, version: int) -> CasePage:
    """Register that the person, or a guardian, objects. Takes effect in this very transaction (R-22).

    Every open case of the person stops, whoever works it, what was handed over is no longer read, and the restriction is written to the
    table that intake and every later run reads. Nobody has to approve it.

    Raises
    ------
    ReviewError
        TID707 when the statement holds a national identity number.
    """
    case = get_case_in_queue(desk.session, desk.account, case_id, action=Action.REGISTER_OBJECTIONS)
    check_version(case, version)
    check_step(case, Step.OBJECT)
    words = checked_text(statement, what="the statement", at_least=0)
    _stop_all_cases_of(desk, case.subject_id, registered=case, statement=words)
    desk.session.add(
        RestrictionRow(
            id=secrets.token_hex(16),
            subject_id=case.subject_id,
            case_id=case.id,
            kind="objection",
            role=desk.account.role.value,
            sealed_statement=seal(desk, case, words),
            registered_at=desk.now,
        )
    )
    _tell_the_rooms_below(desk)
    return building.build_page(desk, case)


def register_for_person(desk: Desk, subject_id: str, *, spoken_by: str) -> None:
    """Register that somebody who logged in says no for themselves or their child; in this very transaction, with or without a case.

    Of somebody who never had a case the service's database has no row: the no stands in the table that intake and every run reads, and in
    the log. There is nothing to answer then, and nobody ends it.

    Parameters
    ----------
    spoken_by
        Whether the person or a guardian said it; for the log.
    """
    _stop_all_cases_of(desk, subject_id, by=spoken_by)
    newest = desk.session.scalar(select(CaseRow).where(CaseRow.subject_id == subject_id).order_by(CaseRow.created_at.desc(), CaseRow.id))
    if newest is not None:
        desk.session.add(
            RestrictionRow(
                id=secrets.token_hex(16),
                subject_id=subject_id,
                case_id=newest.id,
                kind="objection",
                role=desk.account.role.value,
                registered_at=desk.now,
            )
        )
    _tell_the_rooms_below(desk)
    if newest is None:
        exchange.add_restriction(desk.project, subject_id, kind="objection", role=desk.account.role.value, now=desk.now)
    case_id = None if newest is None else newest.id
    event = log.Event("objection.own", actor=desk.account.id, role=desk.account.role, case_id=case_id, details={"by": spoken_by})
    log.record(desk.session, event, now=desk.now, about=log.About(desk.keys, subject_id, None))


def list_objections(desk: Desk) -> list[ObjectionLine]:
    """List the objections that wait for this person's answer, with what was said; by due date. Each statement shown is logged."""
    check_may(desk.account, Action.ANSWER_OBJECTIONS)
    rows = desk.session.scalars(select(CaseRow).where(objected_in_reach(desk.account))).all()
    lines = [_line(desk, case) for case in rows if case.state == CaseState.STOPPED.value]
    return sorted(lines, key=lambda line: (line.due_on or desk.today, line.reference))


def uphold_processing(desk: Desk, case_id: str, *, reason: str, version: int) -> CasePage:
    """Answer an objection: weighty reasons, in writing, let the processing go on (GDPR Art. 21).

    The restriction ends once no case of the person stands stopped any more; until then no run proposes them. The review does not go on by
    itself: somebody takes the case up again, from its start.

    Raises
    ------
    ReviewError
        TID703 when the reason is shorter than 30 characters, TID707 when it holds a national identity number.
    """
    case = get_case_of_objection(desk.session, desk.account, case_id)
    check_version(case, version)
    target = check_step(case, Step.UPHOLD)
    words = checked_text(reason, what="the reason", at_least=MIN_REASON)
    move(desk, case, Step.UPHOLD, target, personal=add_note(desk, case, Step.UPHOLD, {"reason": words}))
    if not _find_cases_of(desk, case.subject_id, CaseState.STOPPED):
        for restriction in _objections_of(desk, case.subject_id):
            restriction.lifted_at = desk.now
    _tell_the_rooms_below(desk)
    return building.build_page(desk, case)


def erase_after_objection(desk: Desk, case_id: str, *, version: int, forget: Callable[[str], None]) -> CasePage:
    """Uphold an objection: purge every case of the person, and erase their key, so that no copy of it can be read again.

    The restriction stays, or is put back where another leader had ended it, so that nobody proposes them again.

    Parameters
    ----------
    forget
        Removes a subject from where identities are kept; that is no part of this transaction, and apart from the case work.
    """
    case = get_case_of_objection(desk.session, desk.account, case_id)
    check_version(case, version)
    check_step(case, Step.ERASE)
    _stop_all_cases_of(desk, case.subject_id)
    for theirs in desk.session.scalars(select(CaseRow).where(CaseRow.subject_id == case.subject_id)).all():
        if Step.ERASE in TRANSITIONS.get(CaseState(theirs.state), {}):
            move(desk, theirs, Step.ERASE, check_step(theirs, Step.ERASE))
        purge(desk.session, theirs, now=desk.now)
    for restriction in desk.session.scalars(select(RestrictionRow).where(RestrictionRow.subject_id == case.subject_id)).all():
        restriction.sealed_statement = restriction.lifted_at = None
    erase_person_key(desk.session, case.subject_id, now=desk.now)
    _tell_the_rooms_below(desk)
    remove_person(desk.project, case.subject_id)
    forget(case.subject_id)
    return building.build_page(desk, case)


def resume(desk: Desk, case_id: str, *, version: int) -> CasePage:
    """Take a case up again after a leader's answer: from its start, by the one who had it, or by anybody of the list where nobody had.

    What was written before stays sealed, to the same reader too.
    """
    case = get_case_in_queue(desk.session, desk.account, case_id, action=Action.REVIEW_CASES)
    if case.assignee_id not in (None, desk.account.id):
        raise NotFoundError
    check_version(case, version)
    target = check_step(case, Step.RESUME)
    case.assignee_id = desk.account.id
    begin_anew(desk, case)
    move(desk, case, Step.RESUME, target)
    return building.build_page(desk, case)


def _stop_all_cases_of(
    desk: Desk, subject_id: str, *, registered: CaseRow | None = None, statement: str | None = None, **details: str
) -> None:
    rows = desk.session.scalars(select(CaseRow).where(CaseRow.subject_id == subject_id)).all()
    for case in rows:
        if Step.OBJECT in TRANSITIONS.get(CaseState(case.state), {}):
            personal = {"statement_sha256": log.digest(statement)} if case is registered and statement is not None else None
            end_handovers(desk, case)
            move(desk, case, Step.OBJECT, check_step(case, Step.OBJECT), personal=personal, **details)
            move(desk, case, Step.STOP, check_step(case, Step.STOP))


def _tell_the_rooms_below(desk: Desk) -> None:
    desk.session.flush()
    exchange.write_restrictions_table(desk.session, desk.project)
    exchange.write_finished_table(desk.session, desk.project, keys=desk.keys)


def _line(desk: Desk, case: CaseRow) -> ObjectionLine:
    newest = max(_objections_of(desk, case.subject_id), key=lambda row: row.registered_at)
    words = unseal(desk, case, newest.sealed_statement) if is_readable(desk, case) else None
    log_about(desk, case, "objection.read", details={}, personal=None if words is None else {"statement_sha256": log.digest(words)})
    return ObjectionLine(
        case_id=case.id,
        reference=case.reference,
        version=case.version,
        state=CaseState(case.state),
        state_label=STATES[CaseState(case.state)].wording,
        registered_at=newest.registered_at,
        registered_by=Role(newest.role),
        statement=words,
        due_on=case.due_on,
        steps=(Step.UPHOLD, Step.ERASE),
    )


def _objections_of(desk: Desk, subject_id: str) -> Iterable[RestrictionRow]:
    """List the objections of a person that nobody has answered with going on."""
    return desk.session.scalars(
        select(RestrictionRow).where(RestrictionRow.subject_id == subject_id, RestrictionRow.lifted_at.is_(None))
    ).all()


def _find_cases_of(desk: Desk, subject_id: str, state: CaseState) -> list[CaseRow]:
    return list(desk.session.scalars(select(CaseRow).where(CaseRow.subject_id == subject_id, CaseRow.state == state.value)))
