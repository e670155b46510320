"""Read what people wrote in a case, as far as this reader may: what they wrote themselves, and a colleague's after both have written.

What was written in an earlier round of the review stays sealed, to the one who wrote it too.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from serving.access.desk import Desk
from serving.cases.pages import DecisionText, OwnViewText
from serving.cases.states import STEPS, Step
from serving.storage.tables import CaseRow, DecisionRow, OwnViewRow, StepNoteRow


def is_readable(desk: Desk, case: CaseRow) -> bool:
    """Answer whether the person's key is still there."""
    return desk.keys.find(desk.session, case.subject_id) is not None


def unseal(desk: Desk, case: CaseRow, sealed: bytes | None) -> Any:
    """Give what was sealed; None where it was purged."""
    return None if sealed is None else desk.keys.unseal(desk.session, case.subject_id, sealed)


def find_view(desk: Desk, case: CaseRow, account_id: str | None) -> OwnViewRow | None:
    """Find what somebody wrote in this round before the proposal."""
    return desk.session.scalar(
        select(OwnViewRow).where(OwnViewRow.case_id == case.id, OwnViewRow.account_id == account_id, OwnViewRow.round == case.round)
    )


def find_first_view(desk: Desk, case: CaseRow) -> OwnViewRow | None:
    """Find what the first reader of this round wrote before the proposal, whoever has the case by now.

    What was decided and agreed in a round came after it. Who takes a decided case over goes on from there and has no view of their own.
    """
    of_round = select(OwnViewRow).where(OwnViewRow.case_id == case.id, OwnViewRow.round == case.round)
    return desk.session.scalar(of_round.where(OwnViewRow.account_id.is_distinct_from(case.second_reader_id)))


def find_view_text(desk: Desk, case: CaseRow, account_id: str | None) -> OwnViewText | None:
    """Read what somebody wrote in this round before the proposal; None where they have not, or it can't be read any more."""
    row = find_view(desk, case, account_id)
    if row is None or not is_readable(desk, case):
        return None
    content = unseal(desk, case, row.sealed)
    return OwnViewText(content["text"], content["inclination"], row.written_at)


def find_decision(desk: Desk, case: CaseRow) -> DecisionText | None:
    """Read the newest decision of this round."""
    view = find_first_view(desk, case)
    if view is None or not is_readable(desk, case):
        return None
    of_round = select(DecisionRow).where(DecisionRow.case_id == case.id, DecisionRow.decided_at >= view.written_at)
    asked_a_colleague = DecisionRow.step == Step.DECIDE_SECOND_READER.value
    row = desk.session.scalar(of_round.order_by(DecisionRow.decided_at.desc(), asked_a_colleague))
    if row is None:
        return None
    step = Step(row.step)
    return DecisionText(step, STEPS[step].wording, unseal(desk, case, row.sealed), row.decided_at)


def find_note(desk: Desk, case: CaseRow, *steps: Step) -> dict[str, Any] | None:
    """Read the newest note of these steps in this round; None where there is none or it was purged."""
    view = find_first_view(desk, case)
    if view is None or not is_readable(desk, case):
        return None
    notes = select(StepNoteRow).where(
        StepNoteRow.case_id == case.id, StepNoteRow.step.in_([s.value for s in steps]), StepNoteRow.written_at >= view.written_at
    )
    row = desk.session.scalar(notes.order_by(StepNoteRow.written_at.desc()))
    found: dict[str, Any] | None = None if row is None else unseal(desk, case, row.sealed)
    return found
