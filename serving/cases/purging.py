"""Purge a case: everything that the model said and that people wrote goes; that there was a case stays as a tombstone (R-25)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from serving.storage.tables import CaseRow, ConsentRow, CorrectionRow, DecisionRow, HandoverRow, OwnViewRow, StepNoteRow

_EMPTIED = (StepNoteRow, CorrectionRow, ConsentRow, HandoverRow)
"""Tables whose rows stay, without their content: that there was a consent, and until when, is proof of why something was shared."""


def purge(session: Session, case: CaseRow, *, now: datetime) -> None:
    """Purge one case: proposal, need, own views, decisions' reasons, notes, corrections, consents and handovers.

    Handovers end, so that no relay holder's list holds an empty one.
    """
    case.sealed_proposal = case.sealed_need = None
    case.purged_at = now
    session.execute(delete(OwnViewRow).where(OwnViewRow.case_id == case.id))
    session.execute(update(DecisionRow).where(DecisionRow.case_id == case.id).values(sealed=None, reason_mark=None))
    for table in _EMPTIED:
        session.execute(update(table).where(table.case_id == case.id).values(sealed=None))
    session.execute(update(HandoverRow).where(HandoverRow.case_id == case.id, HandoverRow.ended_at.is_(None)).values(ended_at=now))
    session.flush()
