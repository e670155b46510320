"""Consents (R-23): who gave one, by which age rule, for what, to whom, until when; and what happens without one.

That there is no consent is held against nobody: it is no feature, no state that ranks, and leads to closing or to what the own service
can do without sharing.
"""

from __future__ import annotations

import secrets
from datetime import date

from features.declarations.project import Project
from features.errors import ReviewError
from serving.access.desk import Desk
from serving.auditing import log
from serving.cases import building, exchange, follow_up
from serving.cases.access import get_case_for_review
from serving.cases.conversation import date_error
from serving.cases.forms import ConsentForm
from serving.cases.moving import add_note, checked_text, end_handovers, move, seal
from serving.cases.pages import CasePage
from serving.cases.policies import MIN_TEXT, check_step, check_version
from serving.cases.states import CaseState, Step
from serving.cases.transitions import TRANSITIONS
from serving.errors import NotFoundError
from serving.storage.tables import CaseRow, ConsentRow


def record_consent(desk: Desk, case_id: str, *, consent: ConsentForm, version: int) -> CasePage:
    """Record a consent; it is checked again at every read of what it lets through.

    From the age that `review.consent_age` of the project names, the young person gives it; below, a guardian does.

    Raises
    ------
    ReviewError
        TID724 when another than the age rule asks for gave it, TID725 when its dates are not within twelve months or it is given on a
        day to come, TID726 for a service that is none of the project's here, TID703 and TID707 as every text.
    """
    case = get_case_for_review(desk.session, desk.account, case_id)
    check_version(case, version)
    target = check_step(case, Step.RECORD_CONSENT)
    age_rule = desk.project.screening.review.consent_age
    _check_signer(consent, age_rule)
    _check_dates(consent, desk.today)
    check_services(desk.project, consent.services, municipality=case.municipality)
    purpose = checked_text(consent.purpose, what="the purpose of the consent", at_least=MIN_TEXT)
    content = {**consent.model_dump(mode="json"), "purpose": purpose, "age_rule": age_rule}
    row = ConsentRow(
        id=secrets.token_hex(16),
        case_id=case.id,
        subject_id=case.subject_id,
        sealed=seal(desk, case, content),
        given_on=consent.given_on,
        valid_to=consent.valid_to,
        recorded_at=desk.now,
    )
    _withdraw_older(desk, case)
    desk.session.add(row)
    move(desk, case, Step.RECORD_CONSENT, target, personal={"consent_sha256": log.digest(content)}, consent=row.id)
    exchange.write_finished_table(desk.session, desk.project, keys=desk.keys)
    return building.build_page(desk, case)


def record_no_consent(desk: Desk, case_id: str, *, note: str, version: int) -> CasePage:
    """Record that no consent was given. It counts against nobody; the case closes, or the own service helps without sharing.

    Raises
    ------
    ReviewError
        TID707 when the note holds a national identity number.
    """
    case = get_case_for_review(desk.session, desk.account, case_id)
    check_version(case, version)
    target = check_step(case, Step.RECORD_NO_CONSENT)
    words = checked_text(note, what="the note", at_least=0)
    move(desk, case, Step.RECORD_NO_CONSENT, target, personal=add_note(desk, case, Step.RECORD_NO_CONSENT, {"note": words}))
    exchange.write_finished_table(desk.session, desk.project, keys=desk.keys)
    return building.build_page(desk, case)


def withdraw_consent(desk: Desk, case_id: str, *, note: str, version: int) -> CasePage:
    """Record that the consent was withdrawn. From this transaction on nobody reads what it let through; no reason is asked for.

    Raises
    ------
    ReviewError
        TID727 when there is none to withdraw, TID707 when the note holds a national identity number.
    """
    case = get_case_for_review(desk.session, desk.account, case_id)
    check_version(case, version)
    target = check_step(case, Step.WITHDRAW_CONSENT, known=follow_up.known_of(desk, case))
    words = checked_text(note, what="the note", at_least=0)
    row = _withdrawn(desk, case)
    noted = add_note(desk, case, Step.WITHDRAW_CONSENT, {"note": words})
    move(desk, case, Step.WITHDRAW_CONSENT, target, personal=noted, consent=row.id)
    return building.build_page(desk, case)


def withdraw_for_person(desk: Desk, case: CaseRow, *, spoken_by: str) -> None:
    """Take a case's consent back as somebody who logged in asks, for themselves or their child; whatever the case's reader has done yet.

    Raises
    ------
    NotFoundError
        TID710 when there is none.
    ReviewError
        TID701 when the case's state knows of no consent.
    """
    target = TRANSITIONS.get(CaseState(case.state), {}).get(Step.WITHDRAW_CONSENT) or check_step(case, Step.WITHDRAW_CONSENT)
    row = _withdrawn(desk, case)
    move(desk, case, Step.WITHDRAW_CONSENT, target, consent=row.id, by=spoken_by)


def _withdrawn(desk: Desk, case: CaseRow) -> ConsentRow:
    row = follow_up.find_consent_row(desk, case)
    if row is None:
        raise NotFoundError("consent")
    row.withdrawn_at = desk.now
    end_handovers(desk, case)
    return row


def check_services(project: Project, codes: tuple[str, ...], *, municipality: str | None) -> None:
    """Refuse a service that is none of those that the project names here.

    Raises
    ------
    ReviewError
        TID726.
    """
    here = [s.code for s in project.services.service if not s.municipality or municipality is None or municipality in s.municipality]
    if not set(codes) <= set(here):
        raise ReviewError("TID726", f"a service is none of those in services.toml here. They are {', '.join(here) or 'none yet'}.")


def twelve_months_after(day: date) -> date:
    """Give the last day of twelve months.

    Examples
    --------
    >>> twelve_months_after(date(2026, 11, 21)), twelve_months_after(date(2024, 2, 29))
    (datetime.date(2027, 11, 21), datetime.date(2025, 2, 28))
    """
    return day.replace(year=day.year + 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year + 1)


def _check_signer(consent: ConsentForm, age_rule: int) -> None:
    is_child = consent.given_by == "child"
    if is_child is (consent.age >= age_rule):
        return
    asked = "the young person" if consent.age >= age_rule else "a guardian, or both"
    raise ReviewError("TID724", f"here a young person consents themselves from {age_rule}, and a guardian before that. Ask {asked}.")


def _check_dates(consent: ConsentForm, today: date) -> None:
    if consent.given_on > today:
        raise date_error("the day on which the consent was given", "a day not later than today", at=today)
    if not max(consent.given_on, today) <= consent.valid_to <= twelve_months_after(consent.given_on):
        raise date_error("the last day of the consent", "a day from today on, at most twelve months after it was given")


def _withdraw_older(desk: Desk, case: CaseRow) -> None:
    """End the consent before: a case has one, and the newest says what may be shared."""
    row = follow_up.find_consent_row(desk, case)
    if row is not None and row.withdrawn_at is None:
        row.withdrawn_at = desk.now
        end_handovers(desk, case)
