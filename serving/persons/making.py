"""That a report was made: an entry in the log for each of the person's cases that it tells of, and the answer to an open request."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.auditing import log
from serving.person_keys import PersonKeys
from serving.persons.requests import answer_requests
from serving.persons.told import PersonReport
from serving.storage.tables import CaseRow


def record_making(
    session: Session, keys: PersonKeys, report: PersonReport, *, subject_id: str, actor: str, role: str, now: datetime
) -> None:
    """Log that a report was made and for whose hands, with its digest sealed, and answer the person's open requests."""
    answered = answer_requests(session, subject_id=subject_id, answered_by=actor, now=now)
    references = [case.reference for case in report.cases]
    case_id = session.scalar(select(CaseRow.id).where(CaseRow.reference.in_(references)).order_by(CaseRow.created_at.desc()).limit(1))
    event = log.Event(
        "person.report_made", actor=actor, role=role, case_id=case_id, details={"for": report.reader.value, "answered": answered}
    )
    digest = None if report.is_erased else {"report_sha256": log.digest(report_json(report))}
    log.record(session, event, now=now, about=log.About(keys, subject_id, digest))


def report_json(report: PersonReport) -> dict[str, Any]:
    """Give the report as JSON-ready fields: the machine-readable copy (GDPR Art. 20)."""
    fields: dict[str, Any] = _adapter().dump_python(report, mode="json")
    return fields


@cache
def _adapter() -> TypeAdapter[PersonReport]:
    return TypeAdapter(PersonReport)
