"""Move a case and tell the log: the one place in which a case changes its state.

Every file of steps ends here. A move and its entry stand in one transaction, so that neither is ever there without the other.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from features.errors import ReviewError
from features.nationalid import holds_national_id
from serving.access.desk import Desk
from serving.auditing import log
from serving.cases.deadlines import due_in_state
from serving.cases.policies import check_length
from serving.cases.states import STEPS, CaseState, Step
from serving.storage.tables import CaseRow, HandoverRow, StepNoteRow


def move(desk: Desk, case: CaseRow, step: Step, target: CaseState, *, personal: dict[str, Any] | None = None, **details: Any) -> None:
    """Bring a case to a state, start that state's deadline, and log the step.

    Parameters
    ----------
    personal
        About the person, for the log, sealed: digests of what was written.
    details
        Codes, counts and dates for the log, open; nothing that was written about anybody.
    """
    before = case.state
    put_in(desk, case, target)
    _log_step(desk, case, step, before, details, personal)


def stay(desk: Desk, case: CaseRow, step: Step, *, personal: dict[str, Any] | None = None, **details: Any) -> None:
    """Log a step that leaves a case in its state: what is counted from the day it came there, such as a measure's weeks, goes on."""
    desk.session.flush()
    _log_step(desk, case, step, case.state, details, personal)


def put_in(desk: Desk, case: CaseRow, target: CaseState) -> None:
    """Put a case into a state as of now; what was reminded or told of the state before is over."""
    case.state, case.state_since, case.due_on = target.value, desk.now, due_in_state(target, desk.today, desk.project.screening.review)
    case.reminded_on = case.escalated_on = None
    desk.session.flush()


def begin_anew(desk: Desk, case: CaseRow) -> None:
    """Begin the review from its start: need, own view, proposal. What readers wrote in the rounds before stays sealed."""
    case.round += 1
    case.sealed_need = case.second_reader_id = None
    case.expires_on = desk.today + timedelta(days=desk.project.screening.retention.unreviewed_days)


def log_about(desk: Desk, case: CaseRow, action: str, *, details: dict[str, Any], personal: dict[str, Any] | None = None) -> None:
    """Log something about a case by the desk's account; what is personal is sealed under the person's key."""
    event = log.Event(action, actor=desk.account.id, role=desk.account.role, case_id=case.id, details=details)
    log.record(desk.session, event, now=desk.now, about=log.About(desk.keys, case.subject_id, personal))


def checked_text(text: str, *, what: str, at_least: int) -> str:
    """Give a text about a person without surrounding blanks.

    Raises
    ------
    ReviewError
        TID703 when it is shorter than asked, TID707 when it holds what looks like a national identity number.
    """
    words = check_length(text, what=what, at_least=at_least)
    if holds_national_id(words):
        raise ReviewError(
            "TID707", f"{what} holds what looks like a national identity number. Leave it out; the case already says who it is about."
        )
    return words


def seal(desk: Desk, case: CaseRow, content: Any) -> bytes:
    """Seal content under the key of the person whom the case is about."""
    return desk.keys.seal(desk.session, case.subject_id, content, now=desk.now)


def add_note(desk: Desk, case: CaseRow, step: Step, content: dict[str, Any]) -> dict[str, Any]:
    """Keep what a step was told, sealed, and give its digest for the log."""
    desk.session.add(
        StepNoteRow(
            id=secrets.token_hex(16),
            case_id=case.id,
            account_id=desk.account.id,
            step=step.value,
            sealed=seal(desk, case, content),
            written_at=desk.now,
        )
    )
    return {"note_sha256": log.digest(content)}


def end_handovers(desk: Desk, case: CaseRow) -> None:
    """End every handover of a case that still runs: from now on no relay holder reads it."""
    running = update(HandoverRow).where(HandoverRow.case_id == case.id, HandoverRow.ended_at.is_(None))
    desk.session.execute(running.values(ended_at=desk.now))


def _log_step(desk: Desk, case: CaseRow, step: Step, before: str, details: dict[str, Any], personal: dict[str, Any] | None) -> None:
    told = {"step": step.value, "from": before, "to": case.state, **details}
    log_about(desk, case, STEPS[step].audit, details=told, personal=personal)


def handed_to(desk: Desk, case: CaseRow) -> list[str]:
    """List the accounts of relay holders who were ever handed this case."""
    holders = select(HandoverRow.holder_id).where(HandoverRow.case_id == case.id, HandoverRow.consent_id.is_not(None)).distinct()
    return list(desk.session.scalars(holders.order_by(HandoverRow.holder_id)))
