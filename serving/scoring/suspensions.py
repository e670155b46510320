"""The kill switch: stop a model, a municipality, or everything, at once (R-30).

Suspended means: no new proposals, those that wait and those in open cases are hidden, and posted histories are not scored. Cases stay: what
people wrote and decided is theirs. A model keeper stops a model everywhere, a leader stops their own municipality, the controller stops
anything; monitoring stops a model by itself (`serving.screening.stopping`), and a person with a reason lets it serve again.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.errors import ReviewError
from features.nationalid import holds_national_id
from models.bundle import model_name as name_of_model
from serving.access.accounts import Account
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.auditing import log
from serving.errors import NotFoundError
from serving.roles import Role
from serving.storage.tables import SuspensionRow

SYSTEM = "system"
"""Role and actor of what monitoring suspends."""

MIN_SUSPENSION_REASON = 30
"""Characters of a reason for turning the switch, and for turning it back."""


@dataclass(frozen=True)
class SuspensionLine:
    """A switch that somebody turned; nothing in it is about a person."""

    id: str
    model_name: str | None
    """None: every model."""
    municipality: str | None
    """None: everywhere."""
    reason: str
    role: str
    """Role of who turned it; ``system`` for monitoring."""
    turned_at: datetime
    lifted_at: datetime | None
    can_lift: bool
    """Whether this reader may turn it back."""


def is_suspended(session: Session, *, model_name: str, municipality: str | None) -> bool:
    """Answer whether a model's proposals are stopped for a municipality; `None` asks of a case without one, a shielded person's.

    Examples
    --------
    A leader's stop of a municipality does not reach shielded persons' cases: where they live is written nowhere.
    """
    covers = _in_force() & _covers_model(model_name) & _covers_municipality(municipality)
    return session.scalar(select(SuspensionRow.id).where(covers).limit(1)) is not None


def suspended_models(session: Session) -> frozenset[str] | None:
    """Give the models that are stopped everywhere; None where all are."""
    names = set(session.scalars(select(SuspensionRow.model_name).where(_in_force(), SuspensionRow.municipality.is_(None))))
    return None if None in names else frozenset(name for name in names if name is not None)


def check_not_suspended(session: Session, *, model_name: str, municipality: str | None = None) -> None:
    """Refuse a model that is stopped.

    Raises
    ------
    ReviewError
        TID770.
    """
    if is_suspended(session, model_name=model_name, municipality=municipality):
        raise suspended_error(model_name)


def suspended_error(model_name: str) -> ReviewError:
    """Build the refusal of a model that is stopped."""
    return ReviewError(
        "TID770",
        f"{model_name} is suspended: it proposes nobody and scores nothing until somebody lifts the suspension with a reason (R-30).",
    )


def suspend(desk: Desk, *, model_name: str | None, municipality: str | None, reason: str) -> SuspensionLine:
    """Turn the switch; it takes effect with this transaction.

    A leader stops their own municipality, all models or one; a model keeper one model, everywhere; the controller whatever they name, and
    everything where they name nothing.

    Raises
    ------
    NotAllowedError
        TID712 for other roles.
    ReviewError
        TID771 for another reach than the role's, TID772 for a model or municipality that is none of the project's, TID703 for a reason of
        fewer than 30 characters, TID707 where it holds a national identity number.
    """
    check_may(desk.account, Action.SUSPEND)
    if desk.account.role is Role.LEADER and municipality is None:
        municipality = desk.account.municipality
    _check_known(desk.project, model_name, municipality)
    _check_reach(desk.account, model_name, municipality)
    words = _checked_reason(reason)
    row = _turn(desk.session, model_name, municipality, words, by=desk.account.id, role=desk.account.role, now=desk.now)
    return _line(row, desk.account)


def suspend_by_system(session: Session, *, model_name: str, reason: str, now: datetime) -> bool:
    """Stop a model everywhere because monitoring says so; False where this very finding stopped it before.

    Whether that suspension still holds or somebody lifted it plays no part: a finding that a person looked at and answered does not stop
    the model a second time.
    """
    before = select(SuspensionRow.id).where(
        SuspensionRow.model_name == model_name, SuspensionRow.role == SYSTEM, SuspensionRow.reason == reason
    )
    if session.scalar(before.limit(1)) is not None:
        return False
    _turn(session, model_name, None, reason, by=SYSTEM, role=SYSTEM, now=now)
    return True


def lift(desk: Desk, suspension_id: str, *, reason: str) -> SuspensionLine:
    """Turn a switch back, with a reason. Who could have turned it may, and nobody lifts what the controller stopped but the controller.

    Raises
    ------
    NotAllowedError
        TID712 for other roles.
    NotFoundError
        TID710 for a suspension that is not there or was lifted already.
    ReviewError
        TID771 for one beyond the role's reach, TID703 and TID707 as `suspend`.
    """
    check_may(desk.account, Action.SUSPEND)
    row = desk.session.get(SuspensionRow, suspension_id)
    if row is None or row.lifted_at is not None:
        raise NotFoundError("suspension")
    if not _can_lift(desk.account, row):
        raise _beyond_reach(desk.account)
    words = _checked_reason(reason)
    row.lifted_by, row.lifted_at = desk.account.id, desk.now
    desk.session.flush()
    event = log.Event("suspension.lifted", actor=desk.account.id, role=desk.account.role, details=_details(row, words))
    log.record(desk.session, event, now=desk.now)
    return _line(row, desk.account)


def list_suspensions(session: Session, account: Account | None = None) -> list[SuspensionLine]:
    """List every suspension there was, newest first; with an account, which of them they may lift."""
    rows = session.scalars(select(SuspensionRow).order_by(SuspensionRow.turned_at.desc(), SuspensionRow.id))
    return [_line(row, account) for row in rows]


def suspended_here(session: Session, account: Account) -> bool:
    """Answer whether anything that this account's municipality would be proposed is stopped: their list says so at its top."""
    stops = _in_force() & _covers_municipality(account.municipality)
    return session.scalar(select(SuspensionRow.id).where(stops).limit(1)) is not None


def _in_force() -> ColumnElement[bool]:
    return SuspensionRow.lifted_at.is_(None)


def _covers_model(name: str) -> ColumnElement[bool]:
    return or_(SuspensionRow.model_name.is_(None), SuspensionRow.model_name == name)


def _covers_municipality(number: str | None) -> ColumnElement[bool]:
    everywhere = SuspensionRow.municipality.is_(None)
    return everywhere if number is None else or_(everywhere, SuspensionRow.municipality == number)


def _check_known(project: Project, model_name: str | None, municipality: str | None) -> None:
    models = [name_of_model(project.id, outcome, stage.name) for stage in project.stages.values() for outcome in stage.outcomes]
    if model_name is not None and model_name not in models:
        raise ReviewError("TID772", f"this project has no model {model_name}. It has {', '.join(models)}.")
    numbers = [m.number for m in project.screening.municipality]
    if municipality is not None and municipality not in numbers:
        raise ReviewError("TID772", f"this project has no municipality {municipality}. It has {', '.join(numbers)}.")


def _check_reach(account: Account, model_name: str | None, municipality: str | None) -> None:
    if not _reaches(account, model_name, municipality):
        raise _beyond_reach(account)


def _reaches(account: Account, model_name: str | None, municipality: str | None) -> bool:
    if account.role is Role.CONTROLLER:
        return True
    if account.role is Role.MODEL_KEEPER:
        return model_name is not None and municipality is None
    return account.role is Role.LEADER and municipality is not None and municipality == account.municipality


def _can_lift(account: Account, row: SuspensionRow) -> bool:
    if row.role == Role.CONTROLLER and account.role is not Role.CONTROLLER:
        return False
    return _reaches(account, row.model_name, row.municipality)


def _beyond_reach(account: Account) -> ReviewError:
    return ReviewError(
        "TID771",
        f"the role {account.role} can't turn this switch: a leader stops the own municipality, a model keeper one model everywhere, the "
        "controller anything; what the controller stopped only the controller lifts.",
    )


def _checked_reason(reason: str) -> str:
    words = reason.strip()
    if len(words) < MIN_SUSPENSION_REASON:
        raise ReviewError(
            "TID703",
            f"the reason has {len(words)} characters; expected at least {MIN_SUSPENSION_REASON}. Say what is wrong, or what was mended.",
        )
    if holds_national_id(words):
        raise ReviewError(
            "TID707", "the reason holds what looks like a national identity number. It is about a model, never about a person."
        )
    return words


def _turn(
    session: Session, model_name: str | None, municipality: str | None, reason: str, *, by: str, role: str, now: datetime
) -> SuspensionRow:
    row = SuspensionRow(
        id=secrets.token_hex(16),
        model_name=model_name,
        municipality=municipality,
        reason=reason,
        turned_by=by,
        role=str(role),
        turned_at=now,
    )
    session.add(row)
    session.flush()
    log.record(session, log.Event("suspension.turned", actor=by, role=role, details=_details(row, reason)), now=now)
    return row


def _details(row: SuspensionRow, reason: str) -> dict[str, str]:
    """Say what the log keeps; a digest of the reason, so that an edit of it shows."""
    reach = {"model": row.model_name or "all", "municipality": row.municipality or "all"}
    return {"suspension": row.id, **reach, "reason_sha256": log.digest(reason)}


def _line(row: SuspensionRow, account: Account | None) -> SuspensionLine:
    return SuspensionLine(
        id=row.id,
        model_name=row.model_name,
        municipality=row.municipality,
        reason=row.reason,
        role=row.role,
        turned_at=row.turned_at,
        lifted_at=row.lifted_at,
        can_lift=account is not None and row.lifted_at is None and _can_lift(account, row),
    )
