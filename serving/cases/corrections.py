"""Errors in the information (R-24): reported to the services that own it, scored again once they have answered, and told on.

Nothing is sent from here. What is reported stands in the case, with the service that owns each indicator; the reviewer reaches them, and
the source's next extract brings the correction.
"""

from __future__ import annotations

import secrets
from typing import Any

from features.errors import ReviewError
from serving.access.desk import Desk
from serving.auditing import log
from serving.cases import building, exchange, follow_up
from serving.cases.access import CaseForReview, get_case_for_review
from serving.cases.moving import begin_anew, checked_text, handed_to, log_about, move, seal
from serving.cases.pages import CasePage, IndicatorLine
from serving.cases.policies import MIN_TEXT, check_readable, check_step, check_version
from serving.cases.proposal import Proposal
from serving.cases.reading import is_readable, unseal
from serving.cases.rescoring import Rescored, rescore_person
from serving.cases.states import Step
from serving.errors import NotFoundError
from serving.purposes.approvals import check_score_approved
from serving.scoring.suspensions import check_not_suspended
from serving.storage.tables import CaseRow, CorrectionRow, ScreeningRow


def report_correction(desk: Desk, case_id: str, *, indicators: tuple[str, ...], text: str, version: int) -> CasePage:
    """Report which of the case's indicators are wrong and what is wrong with them.

    Only what the case shows, as a reason or as missing, can be named: a refusal would otherwise tell what else is known (R-05).

    Raises
    ------
    ReviewError
        TID722 for another indicator, TID703 when the text is shorter than 10 characters, TID707 when it holds a national identity number.
    """
    case = get_case_for_review(desk.session, desk.account, case_id)
    check_version(case, version)
    target = check_step(case, Step.REPORT_CORRECTION)
    check_readable(case)
    named = _checked_indicators(building.correctable_indicators(desk, case), indicators)
    words = checked_text(text, what="what is wrong", at_least=MIN_TEXT)
    lines = [{"code": line.code, "label": line.label.model_dump(mode="json"), "service": line.service} for line in named]
    content = {"indicators": lines, "text": words}
    row = CorrectionRow(
        id=secrets.token_hex(16), case_id=case.id, subject_id=case.subject_id, sealed=seal(desk, case, content), reported_at=desk.now
    )
    desk.session.add(row)
    personal = {"correction_sha256": log.digest(content)}
    move(desk, case, Step.REPORT_CORRECTION, target, personal=personal, correction=row.id, n_indicators=len(named))
    return building.build_page(desk, case)


def rescore(desk: Desk, case_id: str, *, version: int) -> CasePage:
    """Score the person again, on what is known today of the case's own date, with the model that serves.

    Other inputs make another proposal, which takes the place of the old one. Where the model would still have somebody look, the case
    goes back to the queue as new, in a new round, with nobody's name on it; else its reviewer closes it. Whoever was handed the case on
    the old information is noted, and logged as told (GDPR Art. 19).

    Raises
    ------
    ReviewError
        TID708 when the content is gone, TID770 while proposals are stopped here, TID784 when the person is in the store no more.
    ModelError, PurposeError, DataError
        As `rescore_person`.
    """
    case = get_case_for_review(desk.session, desk.account, case_id)
    check_version(case, version)
    target = check_step(case, Step.RESCORE)
    check_readable(case)
    old = building.find_proposal(desk, case)
    if old is None:
        raise NotFoundError
    screening = desk.session.get_one(ScreeningRow, case.screening_id)
    check_not_suspended(desk.session, model_name=screening.model_name, municipality=case.municipality)
    check_score_approved(desk.session, desk.project, days=(old.as_of, desk.today))
    found = rescore_person(desk.project, case.subject_id, old, today=desk.today)
    has_changed = _has_changed(old, found)
    _answer_correction(desk, case, has_changed=has_changed)
    personal = None
    if found.proposal is not None and has_changed:
        content = found.proposal.to_json()
        case.sealed_proposal = seal(desk, case, content)
        personal = {"proposal_sha256": log.digest(content), "inputs_sha256": found.proposal.inputs_sha256}
    details = {"changed": has_changed, **_model(found)}
    move(desk, case, Step.RESCORE, target, personal=personal, **details)
    if found.is_proposed:
        _propose_again(desk, case)
    return building.build_page(desk, case)


def _propose_again(desk: Desk, case: CaseForReview) -> None:
    target = check_step(case, Step.PROPOSE_AGAIN)
    begin_anew(desk, case)
    case.assignee_id = None
    move(desk, case, Step.PROPOSE_AGAIN, target, round=case.round)
    exchange.write_finished_table(desk.session, desk.project, keys=desk.keys)


def _checked_indicators(shown: tuple[IndicatorLine, ...], named: tuple[str, ...]) -> list[IndicatorLine]:
    lines = {line.code: line for line in shown}
    if not named or not set(named) <= set(lines):
        raise ReviewError(
            "TID722", f"name indicators that this case shows, as reasons or as missing. They are {', '.join(lines) or 'none'}."
        )
    return [lines[code] for code in dict.fromkeys(named)]


def _has_changed(old: Proposal, found: Rescored) -> bool:
    """Answer whether the model read other inputs; a proposal of before the digest was kept is told by its reasons."""
    if found.proposal is None:
        return True
    if old.inputs_sha256:
        return old.inputs_sha256 != found.proposal.inputs_sha256
    return [(r.indicator, r.value, r.is_missing) for r in old.reasons] != [
        (r.indicator, r.value, r.is_missing) for r in found.proposal.reasons
    ]


def _model(found: Rescored) -> dict[str, Any]:
    """Say for the log which model scored; nothing when the person would not have been asked about."""
    if found.proposal is None:
        return {"in_cohort": False}
    return {"in_cohort": True, "model": found.proposal.model_name, "version": found.proposal.model_version}


def _answer_correction(desk: Desk, case: CaseRow, *, has_changed: bool) -> None:
    """Note that the report was answered, and who had received the old information and is told."""
    row = follow_up.find_correction_row(desk, case)
    if row is None or not is_readable(desk, case):
        raise NotFoundError("correction")
    row.answered_at, row.changed_features = desk.now, has_changed
    holders = handed_to(desk, case)
    row.sealed = seal(desk, case, {**unseal(desk, case, row.sealed), "notified": holders})
    if has_changed and holders:
        row.notified_at = desk.now
        log_about(desk, case, "correction.told", details={"correction": row.id, "n": len(holders)})
