"""The controller approves the very words of a purpose, and takes the approval back with a reason (R-02).

A purpose stands in `screening.toml`, which whoever keeps the project folder can edit. An approval is of a digest of all its words: kind,
legal basis, controller and dates. Change one of them and it has to be approved again. With real people's data nothing is screened or scored
under a score purpose that is not approved; public and synthetic data need none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.declarations.screening import Purpose
from features.errors import ReviewError
from features.ledger import canonical_json
from features.nationalid import holds_national_id
from serving.access.accounts import Account
from serving.access.desk import Desk
from serving.access.permissions import Action, can, check_may
from serving.auditing import log
from serving.errors import NotFoundError
from serving.roles import Role
from serving.storage.tables import PurposeApprovalRow

MIN_WITHDRAWAL_REASON = 30
"""Characters of a reason for taking an approval back."""

Act = Literal["approved", "withdrawn"]


@dataclass(frozen=True)
class Approval:
    """What the controller did last with a purpose's words."""

    act: Act
    reason: str
    """Empty where it was approved."""
    decided_at: datetime

    @property
    def holds(self) -> bool:
        """Whether the words are approved."""
        return self.act == "approved"


@dataclass(frozen=True)
class PurposeLine:
    """A declared purpose, and how the controller stands to its words."""

    digest: str
    purpose: Purpose
    approval: Approval | None
    is_valid: bool
    """Whether it covers the day that was asked of."""
    may_approve: bool
    """Whether this reader may approve it, or take the approval back."""

    @property
    def is_approved(self) -> bool:
        """Whether its words are approved."""
        return self.approval is not None and self.approval.holds


def digest_of(purpose: Purpose) -> str:
    """Digest of a purpose's words: kind, legal basis, controller and dates, as they are declared.

    Examples
    --------
    >>> from datetime import date
    >>> said = {"kind": "score", "legal_basis": "§ 3", "controller": "X", "valid_from": date(2026, 1, 1), "valid_to": date(2027, 1, 1)}
    >>> digest_of(Purpose(**said)) == digest_of(Purpose(**{**said, "legal_basis": "§ 4"}))
    False
    """
    return hashlib.sha256(canonical_json(purpose.model_dump(mode="json"))).hexdigest()


def list_purposes(session: Session, account: Account, project: Project, *, today: date) -> list[PurposeLine]:
    """List the declared purposes, in their order.

    Raises
    ------
    NotAllowedError
        TID712.
    """
    check_may(account, Action.SEE_PURPOSES)
    return [_line(session, account, purpose, today=today) for purpose in project.screening.purpose]


def approve(desk: Desk, digest: str) -> PurposeLine:
    """Approve a purpose's words as they stand.

    Raises
    ------
    NotAllowedError
        TID712 for other roles.
    NotFoundError
        TID710 where no declared purpose has these words any more.
    ReviewError
        TID778 where they are approved already.
    """
    check_may(desk.account, Action.APPROVE_PURPOSES)
    purpose = _get(desk.project, digest)
    if is_approved(desk.session, purpose):
        raise ReviewError("TID778", "these words are approved already. Read the page again.")
    return _act(desk, purpose, "approved", reason="")


def withdraw(desk: Desk, digest: str, *, reason: str) -> PurposeLine:
    """Take an approval back; with real people's data a score purpose stops screening and scoring with this.

    Raises
    ------
    NotAllowedError, NotFoundError
        As `approve`.
    ReviewError
        TID778 where the words are not approved, TID703 for a reason of fewer than 30 characters, TID707 where it holds a national identity
        number.
    """
    check_may(desk.account, Action.APPROVE_PURPOSES)
    purpose, words = _get(desk.project, digest), _checked_reason(reason)
    if not is_approved(desk.session, purpose):
        raise ReviewError("TID778", "these words are not approved, so there is nothing to take back. Read the page again.")
    return _act(desk, purpose, "withdrawn", reason=words)


def is_approved(session: Session, purpose: Purpose) -> bool:
    """Answer whether the controller's last word on this purpose approved it as it stands."""
    found = _find(session, digest_of(purpose))
    return found is not None and found.holds


def check_score_approved(session: Session, project: Project, *, days: Iterable[date]) -> None:
    """Refuse to screen or score real people under words that nobody who answers for them has approved.

    Parameters
    ----------
    days
        Days that the score purpose is asked for; those without one are `Project.check_purpose`'s to refuse.

    Raises
    ------
    ReviewError
        TID777.
    """
    if project.screening.project.data != "real":
        return
    for day in sorted(set(days)):
        purpose = project.find_purpose("score", on=day)
        if purpose is not None and not is_approved(session, purpose):
            raise ReviewError(
                "TID777",
                f"the words of the score purpose that covers {day} are not approved: nobody is screened or scored under them. The "
                f"controller ({Role.CONTROLLER}) reads and approves them in the console, on the page /purposes.",
            )


def _get(project: Project, digest: str) -> Purpose:
    found = next((purpose for purpose in project.screening.purpose if digest_of(purpose) == digest), None)
    if found is None:
        raise NotFoundError("purpose")
    return found


def _find(session: Session, digest: str) -> Approval | None:
    last = select(PurposeApprovalRow).where(PurposeApprovalRow.digest == digest).order_by(PurposeApprovalRow.seq.desc()).limit(1)
    row = session.scalar(last)
    return None if row is None else Approval(cast(Act, row.act), row.reason, row.decided_at)


def _act(desk: Desk, purpose: Purpose, act: Act, *, reason: str) -> PurposeLine:
    digest = digest_of(purpose)
    seq = (desk.session.scalar(select(func.max(PurposeApprovalRow.seq))) or 0) + 1  # writers go one at a time
    row = PurposeApprovalRow(
        seq=seq,
        digest=digest,
        kind=purpose.kind,
        act=act,
        reason=reason,
        decided_by=desk.account.id,
        role=desk.account.role.value,
        decided_at=desk.now,
    )
    desk.session.add(row)
    desk.session.flush()
    details = {"kind": purpose.kind, "purpose_sha256": digest} | ({"reason_sha256": log.digest(reason)} if reason else {})
    log.record(desk.session, log.Event(f"purpose.{act}", desk.account.id, desk.account.role, details=details), now=desk.now)
    return _line(desk.session, desk.account, purpose, today=desk.today)


def _line(session: Session, account: Account, purpose: Purpose, *, today: date) -> PurposeLine:
    digest = digest_of(purpose)
    return PurposeLine(
        digest, purpose, _find(session, digest), is_valid=purpose.is_valid(today), may_approve=can(account, Action.APPROVE_PURPOSES)
    )


def _checked_reason(reason: str) -> str:
    words = reason.strip()
    if len(words) < MIN_WITHDRAWAL_REASON:
        raise ReviewError(
            "TID703", f"the reason has {len(words)} characters; expected at least {MIN_WITHDRAWAL_REASON}. Say why it may not go on."
        )
    if holds_national_id(words):
        raise ReviewError("TID707", "the reason holds what looks like a national identity number. It is about a purpose, never a person.")
    return words
