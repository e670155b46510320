"""Somebody takes a consent back that they, or a guardian, gave: sharing stops the same moment (R-23)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from features.declarations.catalogue import Wording
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.cases import follow_up
from serving.cases.consents import withdraw_for_person
from serving.cases.moving import log_about
from serving.cases.reading import is_readable, unseal
from serving.cases.states import CaseState, Step
from serving.cases.transitions import TRANSITIONS
from serving.citizens.whom import Whom
from serving.errors import NotFoundError
from serving.persons.told import Reader
from serving.storage.tables import CaseRow, ConsentRow


@dataclass(frozen=True)
class ConsentLine:
    """A consent that runs."""

    id: str
    given_on: date
    valid_to: date
    services: tuple[Wording, ...]
    """What the services that it lets read are called; to a guardian none, since one of two may not know of a service (R-06)."""


def list_consents(desk: Desk, whom: Whom) -> tuple[ConsentLine, ...]:
    """List the consents that run today and can be taken back; each one shown is logged.

    Raises
    ------
    NotAllowedError
        TID712 for a role that speaks for nobody.
    """
    check_may(desk.account, Action.SPEAK_FOR_ONESELF)
    lines = []
    for case, row in _running(desk, whom):
        services = _services(desk, case, row) if whom.reader is Reader.PERSON else ()
        lines.append(ConsentLine(row.id, row.given_on, row.valid_to, services))
        log_about(desk, case, "consent.read", details={"by": whom.spoken_by}, personal=None)
    return tuple(lines)


def withdraw(desk: Desk, whom: Whom, consent_id: str) -> None:
    """Take a consent back. Nobody reads what it let through from this transaction on; no reason is asked for.

    Raises
    ------
    NotFoundError
        TID710 when it is not theirs, or does not run any more.
    NotAllowedError
        TID712 for a role that speaks for nobody.
    """
    check_may(desk.account, Action.SPEAK_FOR_ONESELF)
    case = next((case for case, row in _running(desk, whom) if row.id == consent_id), None)
    if case is None:
        raise NotFoundError("consent")
    withdraw_for_person(desk, case, spoken_by=whom.spoken_by)


def _running(desk: Desk, whom: Whom) -> list[tuple[CaseRow, ConsentRow]]:
    cases = desk.session.scalars(select(CaseRow).where(CaseRow.subject_id == whom.subject_id).order_by(CaseRow.created_at, CaseRow.id))
    found = []
    for case in cases.all():
        row = follow_up.find_consent_row(desk, case) if Step.WITHDRAW_CONSENT in TRANSITIONS.get(CaseState(case.state), {}) else None
        if row is not None and follow_up.consent_holds(row, desk):
            found.append((case, row))
    return found


def _services(desk: Desk, case: CaseRow, row: ConsentRow) -> tuple[Wording, ...]:
    if row.sealed is None or not is_readable(desk, case):
        return ()
    named = {service.code: service.name for service in desk.project.services.service}
    return tuple(named[code] for code in unseal(desk, case, row.sealed)["services"] if code in named)
