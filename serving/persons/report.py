"""Everything that is known and was done about one person, in one call (R-21; GDPR Art. 15 and 20)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.errors import ReviewError
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.cases import building
from serving.cases.access import get_case_for_review
from serving.cases.states import BEFORE_THE_PROPOSAL, CaseState
from serving.person_keys import PersonKeys
from serving.persons.deeds import case_told, objections_without_case, restrictions_told
from serving.persons.making import record_making
from serving.persons.records import records_of
from serving.persons.scores import cases_of, scores_of
from serving.persons.told import PersonReport, Reader
from serving.storage.tables import CaseRow, PersonKeyRow


def build_person_report(
    session: Session,
    keys: PersonKeys,
    project: Project,
    *,
    subject_id: str,
    now: datetime,
    reader: Reader = Reader.PERSON,
    cases: Sequence[CaseRow] | None = None,
) -> PersonReport:
    """Build the report. Making it is logged by whoever gives it, with `serving.persons.making.record_making`.

    Parameters
    ----------
    reader
        Whose hands it passes through; only the person is told what services keep confidential, and where they live: one who must not
        know may be among the others (R-08).
    cases
        The cases to tell of; all of the person's by default.
    """
    told = cases_of(session, subject_id) if cases is None else list(cases)
    scores, models = scores_of(session, keys, project, subject_id, cases=told, reader=reader)
    row = session.get(PersonKeyRow, subject_id)
    retention = project.screening.retention
    return PersonReport(
        project=project.screening.project.title,
        controller=project.screening.project.controller,
        synthetic=project.is_synthetic,
        made_at=now,
        reader=reader,
        subject_id=None if reader is Reader.REVIEWER else subject_id,
        is_erased=row is not None and row.erased_at is not None,
        records=records_of(project, subject_id, on=now.date(), reader=reader),
        models=models,
        scores=scores,
        cases=tuple(case_told(session, keys, case, reader=reader) for case in told),
        restrictions=(*restrictions_told(session, keys, subject_id), *objections_without_case(project, subject_id, cases=told)),
        purposes=tuple(
            (p.kind, p.legal_basis, p.valid_from, p.valid_to) for p in project.screening.purpose if p.kind in ("score", "audit")
        ),
        kept_days={"unreviewed": retention.unreviewed_days, "closed": retention.closed_days, "scored": retention.scored_days},
    )


def report_of_case(desk: Desk, case_id: str) -> PersonReport:
    """Give the one who took a case the report of its person, to hand over; their own case alone, nothing that is confidential.

    Raises
    ------
    NotAllowedError
        TID712 when the role gives no reports.
    NotFoundError
        TID710 when the case is not theirs.
    ReviewError
        TID702 before their own view is saved: the report would tell what the model proposes. TID750 while the proposal itself is not
        shown to them, as to whoever took a decided case over: the full report is the key holder's to make then.
    """
    check_may(desk.account, Action.GIVE_PERSON_REPORT)
    case = get_case_for_review(desk.session, desk.account, case_id)
    page = building.build_page(desk, case)
    if page.own_view is None and CaseState(case.state) in BEFORE_THE_PROPOSAL:
        raise ReviewError("TID702", "the report tells what the model proposes. Save your own view first, then make it.")
    if page.proposal is None and case.purged_at is None:
        raise ReviewError(
            "TID750",
            "you may not see this case's proposal now, and the report tells of it. The municipality's key holder makes the report with "
            "`tidlig person report`; the request can be registered here.",
        )
    return give_report(desk, case.subject_id, Reader.REVIEWER, cases=[case])


def give_report(desk: Desk, subject_id: str, reader: Reader, *, cases: Sequence[CaseRow] | None = None) -> PersonReport:
    """Build a report and log that it was made. Whether the caller may have it was asked before (`serving.citizens.whom`)."""
    report = build_person_report(desk.session, desk.keys, desk.project, subject_id=subject_id, now=desk.now, reader=reader, cases=cases)
    record_making(desk.session, desk.keys, report, subject_id=subject_id, actor=desk.account.id, role=desk.account.role.value, now=desk.now)
    return report
