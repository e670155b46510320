"""What is known of a case beside its row: its consent, its handover, its correction, and what the steps after the decision were told."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from features.declarations.catalogue import Wording
from serving.access.desk import Desk
from serving.cases.forms import EvaluationForm, FamilyInformed, PlannedTalk
from serving.cases.pages import ConsentText, CorrectionText, FollowUp, HandoverText, IndicatorLine
from serving.cases.policies import Known
from serving.cases.reading import find_first_view, find_note, is_readable, unseal
from serving.cases.states import Step
from serving.storage.tables import AccountRow, CaseRow, ConsentRow, CorrectionRow, HandoverRow


def known_of(desk: Desk, case: CaseRow) -> Known:
    """Say what beside its row narrows a case's steps."""
    consent = find_consent_row(desk, case)
    return Known() if consent is None else Known(has_consent=consent.withdrawn_at is None, consent_holds=consent_holds(consent, desk))


def find_consent_row(desk: Desk, case: CaseRow) -> ConsentRow | None:
    """Find the newest consent of this round; an older one no longer counts, whatever it said."""
    view = find_first_view(desk, case)
    if view is None:
        return None
    rows = select(ConsentRow).where(ConsentRow.case_id == case.id, ConsentRow.recorded_at >= view.written_at)
    return desk.session.scalar(rows.order_by(ConsentRow.recorded_at.desc(), ConsentRow.id))


def consent_holds(row: ConsentRow, desk: Desk) -> bool:
    """Answer whether a consent holds today: given, not withdrawn, not past its end."""
    return row.withdrawn_at is None and row.given_on <= desk.today <= row.valid_to


def find_handover_row(desk: Desk, case: CaseRow) -> HandoverRow | None:
    """Find the handover that runs."""
    running = select(HandoverRow).where(HandoverRow.case_id == case.id, HandoverRow.ended_at.is_(None))
    return desk.session.scalar(running.order_by(HandoverRow.made_at.desc(), HandoverRow.id))


def find_correction_row(desk: Desk, case: CaseRow) -> CorrectionRow | None:
    """Find the newest reported error of a case."""
    rows = select(CorrectionRow).where(CorrectionRow.case_id == case.id)
    return desk.session.scalar(rows.order_by(CorrectionRow.reported_at.desc(), CorrectionRow.id))


def find_correction(desk: Desk, case: CaseRow) -> CorrectionText | None:
    """Read the newest reported error, where it is of this round and still kept."""
    row, view = find_correction_row(desk, case), find_first_view(desk, case)
    if row is None or view is None or row.reported_at < view.written_at or row.sealed is None or not is_readable(desk, case):
        return None
    content = unseal(desk, case, row.sealed)
    lines = tuple(IndicatorLine(x["code"], Wording.model_validate(x["label"]), x["service"]) for x in content["indicators"])
    return CorrectionText(lines, content["text"], row.reported_at, row.answered_at, row.changed_features, len(content.get("notified", ())))


def build_follow_up(desk: Desk, case: CaseRow) -> FollowUp:
    """Tell the one who took a case what happened after the decision."""
    talk, informed = find_note(desk, case, Step.PLAN_TALK), find_note(desk, case, Step.INFORM_FAMILY)
    refused = find_note(desk, case, Step.RECORD_NO_CONSENT, Step.WITHDRAW_CONSENT)
    evaluated = find_note(desk, case, Step.EVALUATE)
    return FollowUp(
        talk=None if talk is None else PlannedTalk.model_validate(talk),
        informed=None if informed is None else FamilyInformed.model_validate(informed),
        consent=_consent(desk, case),
        no_consent_note=None if refused is None else refused["note"],
        handover=_handover(desk, case),
        evaluation=None if evaluated is None else EvaluationForm.model_validate(evaluated),
    )


def _consent(desk: Desk, case: CaseRow) -> ConsentText | None:
    row = find_consent_row(desk, case)
    if row is None or row.sealed is None or not is_readable(desk, case):
        return None
    told = unseal(desk, case, row.sealed)
    return ConsentText(
        given_by=told["given_by"],
        age_rule=told["age_rule"],
        purpose=told["purpose"],
        services=tuple(told["services"]),
        categories=tuple(told["categories"]),
        language=told["language"],
        given_on=row.given_on,
        valid_to=row.valid_to,
        withdrawn_at=row.withdrawn_at,
        is_valid=consent_holds(row, desk),
    )


def _handover(desk: Desk, case: CaseRow) -> HandoverText | None:
    row = find_handover_row(desk, case)
    if row is None or row.sealed is None or not is_readable(desk, case):
        return None
    told = unseal(desk, case, row.sealed)
    return HandoverText(
        level=row.level,
        holder=desk.session.get_one(AccountRow, row.holder_id).login,
        needs=told["needs"],
        child_heard=told["child_heard"],
        child_heard_how=told["child_heard_how"],
        made_at=row.made_at,
        evaluate_on=date.fromisoformat(told["evaluate_on"]),
        is_shared=row.consent_id is not None,
    )
