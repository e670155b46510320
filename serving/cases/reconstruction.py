"""How one proposal came about, in one call: from the inputs' digest to who saw what, and what was decided and why (R-27).

What was shown is shown again as it was: the view that a reader got is kept sealed with the case, and its digest compared with the one that
the log sealed at that moment. After a purge there is the tombstone: states, dates, digests, and nothing of the person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.ledger import Entry
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.auditing import log
from serving.cases.pages import ProposalView
from serving.cases.proposal import Proposal, build_view
from serving.cases.shown_views import find_shown_view, view_digest
from serving.cases.stated import checked_words
from serving.cases.states import CaseState
from serving.errors import NotFoundError
from serving.person_keys import PersonKeys
from serving.storage.tables import AccountRow, CaseRow, DecisionRow, LogRow, OwnViewRow, ScreeningRow

KEY_HOLDER = "key-holder"
"""Actor and role of who runs a command with the key of the persons' keys."""

Proof = Literal["same", "other", "gone"]
"""Whether what is there is what the log sealed: the same, something else, or nothing to compare any more."""


@dataclass(frozen=True)
class Shown:
    """One time that somebody was shown the proposal."""

    at: datetime
    role: str
    municipality: str | None
    sealed_digest: str | None
    """SHA-256 of exactly what was shown, as the log sealed it; None when the person was erased."""
    explanation: ProposalView | None
    """What was shown, word for word; None after the purge."""
    proof: Proof
    """Whether the digest of `explanation` is the sealed one."""


@dataclass(frozen=True)
class Written:
    """What a person wrote in the case, and when: an own view or a decision."""

    at: datetime
    role: str
    step: str
    text: str | None
    """None after the purge."""


@dataclass(frozen=True)
class Seen:
    """One entry of the log about this case."""

    at: datetime
    action: str
    role: str
    municipality: str | None


@dataclass(frozen=True)
class Reconstruction:
    """Everything that is left of how one proposal came about. No subject id, no number of the model."""

    case_id: str
    reference: str
    state: CaseState
    proposed_at: datetime
    purged_at: datetime | None
    is_tombstone: bool
    """Whether the content was purged or the person erased."""
    stage: str
    outcome: str
    as_of: date
    model_name: str
    model_version: str
    bundle_hash: str
    promotion: str | None
    """Hash of the ledger entry that let the model serve."""
    threshold: float | None
    """The probability from which somebody may be proposed, as the screening logged it."""
    store_hash: str | None
    """Content hash of the store that the screening read."""
    inputs_sha256: str | None
    """SHA-256 of the person's row of features, as sealed when the case was proposed; None when the person was erased."""
    proposal_sha256: str | None
    """The same of the whole proposal."""
    proposal_proof: Proof
    shown: tuple[Shown, ...]
    own_views: tuple[Written, ...]
    decisions: tuple[Written, ...]
    entries: tuple[Seen, ...]

    def to_json(self) -> dict[str, Any]:
        """Give everything as JSON-ready fields."""
        fields: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return fields


def reconstruct(desk: Desk, case_id: str, *, reason: str) -> Reconstruction:
    """Reconstruct one proposal for somebody whose role may break the glass, with a stated reason that is logged.

    Raises
    ------
    NotAllowedError
        TID712 when the role may not.
    ReviewError
        TID703 when the reason is shorter than 10 characters, TID707 when it holds a national identity number.
    NotFoundError
        TID710 for a shielded person's case too: only the shielded role knows that it exists (R-08).
    """
    check_may(desk.account, Action.RECONSTRUCT)
    case = _find_case(desk.session, case_id)
    if case.is_shielded or case.state == CaseState.SHIELDED.value:
        raise NotFoundError
    return _reconstruct(
        desk.session, desk.keys, desk.project, case, reason=reason, actor=desk.account.id, role=desk.account.role, now=desk.now
    )


def reconstruct_by_key_holder(
    session: Session, keys: PersonKeys, project: Project, case_id: str, *, reason: str, now: datetime
) -> Reconstruction:
    """Reconstruct one proposal for whoever holds the key of the persons' keys.

    Raises
    ------
    ReviewError, NotFoundError
        As `reconstruct`.
    """
    return _reconstruct(session, keys, project, _find_case(session, case_id), reason=reason, actor=KEY_HOLDER, role=KEY_HOLDER, now=now)


def _find_case(session: Session, case_id: str) -> CaseRow:
    case = session.get(CaseRow, case_id)
    if case is None:
        raise NotFoundError
    return case


def _reconstruct(
    session: Session, keys: PersonKeys, project: Project, case: CaseRow, *, reason: str, actor: str, role: str, now: datetime
) -> Reconstruction:
    words = checked_words(reason, what="the reason")
    found = build_reconstruction(session, keys, project, case)
    event = log.Event("case.reconstructed", actor=actor, role=role, case_id=case.id, details={"reason_sha256": log.digest(words)})
    log.record(session, event, now=now, about=log.About(keys, case.subject_id, None))
    return found


def build_reconstruction(session: Session, keys: PersonKeys, project: Project, case: CaseRow) -> Reconstruction:
    """Build the reconstruction of a case; logging that somebody looked is the caller's."""
    entries = [*log.read_case_entries(session, case.id)]
    key = keys.find(session, case.subject_id)
    screening = session.get_one(ScreeningRow, case.screening_id)
    done = _screening_entry(session, case.screening_id)
    sealed = _sealed_at(entries, "case.proposed", key)
    proposal = None if case.sealed_proposal is None or key is None else keys.unseal(session, case.subject_id, case.sealed_proposal)
    places = _Places.of(session, entries)
    return Reconstruction(
        case_id=case.id,
        reference=case.reference,
        state=CaseState(case.state),
        proposed_at=case.created_at,
        purged_at=case.purged_at,
        is_tombstone=proposal is None,
        stage=screening.stage,
        outcome=screening.outcome,
        as_of=screening.as_of,
        model_name=screening.model_name,
        model_version=screening.model_version,
        bundle_hash=screening.bundle_hash,
        promotion=done.get("promotion"),
        threshold=done.get("cut_off"),
        store_hash=done.get("store_hash"),
        inputs_sha256=sealed.get("inputs_sha256"),
        proposal_sha256=sealed.get("proposal_sha256"),
        proposal_proof=_proof(None if proposal is None else log.digest(proposal), sealed.get("proposal_sha256")),
        shown=tuple(_shown(session, keys, project, case, entry, key, proposal, places) for entry in entries if _shows(entry)),
        own_views=tuple(_own_views(session, keys, case, key, places)),
        decisions=tuple(_decisions(session, keys, case, key, places)),
        entries=tuple(Seen(e.recorded_at, e.action, e.public["role"], places.of_actor(e.actor)) for e in entries),
    )


def _shows(entry: Entry) -> bool:
    return entry.action == "case.proposal_read" or bool(entry.public.get("proposal_shown"))


def _shown(
    session: Session,
    keys: PersonKeys,
    project: Project,
    case: CaseRow,
    entry: Entry,
    key: bytes | None,
    proposal: dict[str, Any] | None,
    places: _Places,
) -> Shown:
    digest = log.personal_of(entry, key).get("proposal_sha256")
    view = None if digest is None else find_shown_view(session, keys, case, digest)
    if view is None and proposal is not None:  # shown by an earlier version of the service, which kept the digest alone
        view = build_view(project, Proposal.from_json(proposal), municipality=case.municipality)
    proof = _proof(None if view is None else view_digest(view), digest)
    return Shown(entry.recorded_at, entry.public["role"], places.of_actor(entry.actor), digest, view, proof)


def _own_views(session: Session, keys: PersonKeys, case: CaseRow, key: bytes | None, places: _Places) -> list[Written]:
    rows = session.scalars(select(OwnViewRow).where(OwnViewRow.case_id == case.id).order_by(OwnViewRow.written_at)).all()
    return [
        Written(
            row.written_at,
            places.role_of(row.account_id),
            "own_view",
            None if key is None else keys.unseal(session, case.subject_id, row.sealed)["text"],
        )
        for row in rows
    ]


def _decisions(session: Session, keys: PersonKeys, case: CaseRow, key: bytes | None, places: _Places) -> list[Written]:
    rows = session.scalars(select(DecisionRow).where(DecisionRow.case_id == case.id).order_by(DecisionRow.decided_at)).all()
    return [
        Written(
            row.decided_at,
            places.role_of(row.account_id),
            row.step,
            None if key is None or row.sealed is None else keys.unseal(session, case.subject_id, row.sealed),
        )
        for row in rows
    ]


@dataclass(frozen=True)
class _Places:
    """Role and municipality of the accounts that a case's entries name."""

    accounts: dict[str, AccountRow]

    @classmethod
    def of(cls, session: Session, entries: Sequence[Entry]) -> _Places:
        actors = {entry.actor for entry in entries}
        rows = session.scalars(select(AccountRow).where(AccountRow.id.in_(actors))).all()
        return cls({row.id: row for row in rows})

    def of_actor(self, actor: str) -> str | None:
        return self.accounts[actor].municipality if actor in self.accounts else None

    def role_of(self, account_id: str) -> str:
        return self.accounts[account_id].role if account_id in self.accounts else "unknown"


def _screening_entry(session: Session, screening_id: str) -> dict[str, Any]:
    """Give what the screening logged in public; empty where the log has no entry of it."""
    about = LogRow.entry.contains(f'"screening":"{screening_id}"', autoescape=True)
    rows = session.scalars(select(LogRow).where(LogRow.case_id.is_(None), about).order_by(LogRow.seq)).all()
    entries = [log.read_entry(row) for row in rows]
    return next((dict(entry.public) for entry in entries if entry.action == "screening.done"), {})


def _sealed_at(entries: Sequence[Entry], action: str, key: bytes | None) -> dict[str, Any]:
    return next((log.personal_of(entry, key) for entry in entries if entry.action == action), {})


def _proof(found: str | None, sealed: str | None) -> Proof:
    if found is None or sealed is None:
        return "gone"
    return "same" if found == sealed else "other"


@cache
def _adapter() -> TypeAdapter[Reconstruction]:
    return TypeAdapter(Reconstruction)
