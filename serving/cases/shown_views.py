"""What a reader was shown of a proposal, word for word, kept sealed with the case.

A view is rendered from the proposal, the project's words and its services, all of which may change later. The log seals the digest of what
was shown; here stands the text itself, once for each digest, until the case is purged.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.cases.pages import ProposalView
from serving.person_keys import PersonKeys
from serving.storage.tables import CaseRow, StepNoteRow

SHOWN = "shown:"
"""Beginning of a note's step; the first characters of the view's digest follow."""


def view_digest(view: ProposalView) -> str:
    """Digest a view as `serving.cases.building.shown_digest` seals it into the log."""
    return sha256(_adapter().dump_json(view)).hexdigest()


def keep_shown_view(session: Session, keys: PersonKeys, case: CaseRow, view: ProposalView, *, account_id: str, now: datetime) -> None:
    """Keep a view that is being shown, unless this very view is kept already."""
    step = _step(view_digest(view))
    if session.scalar(select(StepNoteRow.id).where(StepNoteRow.case_id == case.id, StepNoteRow.step == step)) is not None:
        return
    sealed = keys.seal(session, case.subject_id, _adapter().dump_python(view, mode="json"), now=now)
    session.add(StepNoteRow(id=secrets.token_hex(16), case_id=case.id, account_id=account_id, step=step, sealed=sealed, written_at=now))


def find_shown_view(session: Session, keys: PersonKeys, case: CaseRow, digest: str) -> ProposalView | None:
    """Give the view with this digest; None when it was not kept, was purged, or the person was erased."""
    row = session.scalar(select(StepNoteRow).where(StepNoteRow.case_id == case.id, StepNoteRow.step == _step(digest)))
    if row is None or row.sealed is None or keys.find(session, case.subject_id) is None:
        return None
    content: dict[str, Any] = keys.unseal(session, case.subject_id, row.sealed)
    return _adapter().validate_python(content)


def _step(digest: str) -> str:
    return f"{SHOWN}{digest[:32]}"


@cache
def _adapter() -> TypeAdapter[ProposalView]:
    return TypeAdapter(ProposalView)
