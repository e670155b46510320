"""The database's tables.

What a person or a reviewer wrote about a person, and what the model said, is in columns named ``sealed``: encrypted under that
person's own key (`serving.person_keys`). Erase the key and all of it is gone, in backups too.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Date, ForeignKey, Index, LargeBinary, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from serving.storage.database import UtcDateTime

SUBJECT = String(32)


_OF_THE_QUEUE = ("municipality", "state", "assignee_id", "second_reader_id", "is_shielded", "due_on", "expires_on", "reference", "id")
"""All that is asked of a case to find, count and order what waits, so that a long queue is read from its index alone."""


class Base(DeclarativeBase):
    """Every table; constraints have stable names so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime(), date: Date(), bytes: LargeBinary(), dict[str, Any]: JSON()}


class AccountRow(Base):
    """Somebody who works with the service, in one role."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    login: Mapped[str] = mapped_column(String(80), unique=True)
    holder: Mapped[str] = mapped_column(String(80))
    """Who the account belongs to; one person may have several, though never leader and data protection officer."""
    role: Mapped[str] = mapped_column(String(30))
    municipality: Mapped[str | None] = mapped_column(String(4))
    service: Mapped[str | None] = mapped_column(String(63))
    """Code of the local service that the account works in; a relay holder sees handovers that name it, and nothing else."""
    subject_id: Mapped[str | None] = mapped_column(SUBJECT)
    """Of a young person who sees their own report; None for everybody who works here."""
    issuer: Mapped[str | None] = mapped_column(String(300))
    external_id: Mapped[str | None] = mapped_column(String(300))
    """Who the identity provider says they are; None where the account logs in with a password."""
    password_hash: Mapped[str] = mapped_column(String(300))
    """Empty where the account has no password."""
    is_demo: Mapped[bool]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_accounts_issuer_external_id", "issuer", "external_id", unique=True),)


class SessionRow(Base):
    """A login. Only a digest of the token is kept, so that a copy of the database logs nobody in."""

    __tablename__ = "sessions"

    token_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    provider_session: Mapped[str | None] = mapped_column(String(300), index=True)
    """The identity provider's own session (``sid``), which a back-channel logout names."""


class LoginAttemptRow(Base):
    """A login that was sent to the identity provider and has not come back; used once, then removed."""

    __tablename__ = "login_attempts"

    state_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(100))
    code_verifier: Mapped[str] = mapped_column(String(128))
    return_to: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime]


class SeenTokenRow(Base):
    """A logout token that was used; none is taken twice."""

    __tablename__ = "seen_tokens"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime]


class IdempotentCallRow(Base):
    """A change that was made under an idempotency key, with its answer sealed by the service's key; kept for a day."""

    __tablename__ = "idempotent_calls"

    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    sealed_answer: Mapped[bytes]
    made_at: Mapped[datetime] = mapped_column(index=True)


class SuspensionRow(Base):
    """A kill switch that somebody, or monitoring, turned: no new proposals, and those that wait are hidden (R-30)."""

    __tablename__ = "suspensions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    model_name: Mapped[str | None] = mapped_column(String(200))
    """None suspends every model."""
    municipality: Mapped[str | None] = mapped_column(String(4))
    """None suspends everywhere."""
    reason: Mapped[str] = mapped_column(Text())
    """About the model or its use, never about a person."""
    turned_by: Mapped[str] = mapped_column(String(32))
    role: Mapped[str] = mapped_column(String(30))
    turned_at: Mapped[datetime]
    lifted_by: Mapped[str | None] = mapped_column(String(32))
    lifted_at: Mapped[datetime | None]


class AlarmRow(Base):
    """Somebody read far more than their work explains (R-28)."""

    __tablename__ = "alarms"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    count: Mapped[int]
    raised_at: Mapped[datetime]
    seen_by: Mapped[str | None] = mapped_column(String(32))
    seen_at: Mapped[datetime | None]


class LookRow(Base):
    """What an account looked at last and when, kept for a day: enough to notice one that looks at far more than its work explains."""

    __tablename__ = "looks"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    target: Mapped[str] = mapped_column(String(64), primary_key=True)
    """A case's id, or a digest of what was asked for and is not there."""
    looked_at: Mapped[datetime] = mapped_column(index=True)


class PersonKeyRow(Base):
    """A person's own key, wrapped by the service's; erased for good when `wrapped` is emptied."""

    __tablename__ = "person_keys"

    subject_id: Mapped[str] = mapped_column(SUBJECT, primary_key=True)
    wrapped: Mapped[bytes | None]
    made_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]


class ScreeningRow(Base):
    """One run of a model over a cohort. Counts only; small ones are suppressed when shown."""

    __tablename__ = "screenings"
    __table_args__ = (UniqueConstraint("stage", "outcome", "as_of", "model_name", "model_version"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    stage: Mapped[str] = mapped_column(String(63))
    outcome: Mapped[str] = mapped_column(String(63))
    as_of: Mapped[date]
    model_name: Mapped[str] = mapped_column(String(200))
    model_version: Mapped[str] = mapped_column(String(40))
    bundle_hash: Mapped[str] = mapped_column(String(64))
    screened_at: Mapped[datetime]
    n_scored: Mapped[int]
    n_in_band: Mapped[int]
    cases_by_municipality: Mapped[dict[str, Any]]


class CaseRow(Base):
    """A review case."""

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("screening_id", "subject_id"),
        Index("ix_cases_queue", *_OF_THE_QUEUE),
        Index("ix_cases_proposed", "municipality", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    reference: Mapped[str] = mapped_column(String(12), unique=True)
    screening_id: Mapped[str] = mapped_column(ForeignKey("screenings.id"), index=True)
    subject_id: Mapped[str] = mapped_column(SUBJECT, index=True)
    municipality: Mapped[str | None] = mapped_column(String(4))
    """None for a shielded person: where they live is not written here (R-08)."""
    is_shielded: Mapped[bool]
    needs_second_reader: Mapped[bool]
    state: Mapped[str] = mapped_column(String(30))
    state_since: Mapped[datetime]
    due_on: Mapped[date | None]
    expires_on: Mapped[date]
    assignee_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime]
    sealed_proposal: Mapped[bytes | None]
    """Band, score, reasons, values and dates; None after the purge."""
    sealed_need: Mapped[bytes | None]
    """Why the reviewer needed to open the case, in their words."""
    purged_at: Mapped[datetime | None]
    round: Mapped[int] = mapped_column(default=1)
    """How often the review began: 1, and one more each time it starts anew after a correction or an objection."""
    second_reader_id: Mapped[str | None] = mapped_column(String(32), index=True)
    is_quality_sample: Mapped[bool] = mapped_column(default=False)
    """Drawn at random for a second reading."""
    without_proposal: Mapped[bool] = mapped_column(default=False)
    """Drawn at random, where study mode is on, to be decided without the model's proposal (R-20)."""
    reminded_on: Mapped[date | None]
    """When the reviewer was reminded of the deadline of this state."""
    escalated_on: Mapped[date | None]
    """When the leader was told that the deadline of this state has passed."""
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class OwnViewRow(Base):
    """What a reviewer thought before seeing the proposal."""

    __tablename__ = "own_views"
    __table_args__ = (UniqueConstraint("case_id", "account_id", "round"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    round: Mapped[int] = mapped_column(default=1)
    sealed: Mapped[bytes]
    written_at: Mapped[datetime]


class DecisionRow(Base):
    """What a reviewer decided and why."""

    __tablename__ = "decisions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    step: Mapped[str] = mapped_column(String(40))
    sealed: Mapped[bytes | None]
    """The reason, in the reviewer's words; None after the purge."""
    reason_mark: Mapped[str | None] = mapped_column(String(64))
    """Keyed digest of the reason, to notice one that was copied from another case."""
    inclination: Mapped[str] = mapped_column(String(20))
    """The code of the own view, kept to measure how often the proposal changes minds."""
    decided_at: Mapped[datetime]


class StepNoteRow(Base):
    """What a step after the decision asked for and was told: a planned conversation, who spoke, how a measure went."""

    __tablename__ = "step_notes"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    step: Mapped[str] = mapped_column(String(40))
    sealed: Mapped[bytes | None]
    """The step's content as JSON; None after the purge."""
    written_at: Mapped[datetime]


class CorrectionRow(Base):
    """An error in the information that was reported to the source that it came from (R-24)."""

    __tablename__ = "corrections"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    subject_id: Mapped[str] = mapped_column(SUBJECT, index=True)
    sealed: Mapped[bytes | None]
    """Indicators, the service that owns them, and what is wrong in the reviewer's words."""
    reported_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    changed_features: Mapped[bool | None]
    """Whether scoring again found other inputs; None until then."""
    notified_at: Mapped[datetime | None]
    """When those who had received the old information were told (GDPR Art. 19)."""


class ConsentRow(Base):
    """A consent to share with named services, checked at every read (R-23). Absence of one is never a feature."""

    __tablename__ = "consents"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    subject_id: Mapped[str] = mapped_column(SUBJECT, index=True)
    sealed: Mapped[bytes | None]
    """Who gave it, by which age rule, purpose, services, categories and language."""
    given_on: Mapped[date]
    valid_to: Mapped[date]
    recorded_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class HandoverRow(Base):
    """A case handed to a relay holder: agreed needs, never the score."""

    __tablename__ = "handovers"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    consent_id: Mapped[str | None] = mapped_column(ForeignKey("consents.id"))
    """None where the own service goes on alone without sharing."""
    level: Mapped[int]
    holder_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    """The relay holder (stafettholder)."""
    sealed: Mapped[bytes | None]
    """Agreed needs, how the child was heard, and when it is evaluated."""
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class AccessRequestRow(Base):
    """A person asked what is known of them; the answer is due in thirty days (R-21)."""

    __tablename__ = "access_requests"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject_id: Mapped[str] = mapped_column(SUBJECT, index=True)
    asked_at: Mapped[datetime]
    due_on: Mapped[date]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(String(32))


class RestrictionRow(Base):
    """A person's objection; written on to intake's table of restrictions the same moment (R-22)."""

    __tablename__ = "restrictions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject_id: Mapped[str] = mapped_column(SUBJECT, index=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str] = mapped_column(String(30))
    role: Mapped[str] = mapped_column(String(30))
    """Role of who registered it."""
    sealed_statement: Mapped[bytes | None]
    registered_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    """When a leader answered, in writing, that the processing goes on (GDPR Art. 21)."""


class PurposeApprovalRow(Base):
    """What the controller did with a purpose's words: approved them, or took that back. Triggers refuse any change or removal."""

    __tablename__ = "purpose_approvals"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64), index=True)
    """Of the words (`serving.purposes.approvals.digest_of`); others need an approval of their own."""
    kind: Mapped[str] = mapped_column(String(20))
    act: Mapped[str] = mapped_column(String(20))
    """``approved`` or ``withdrawn``."""
    reason: Mapped[str] = mapped_column(Text())
    """Why it was taken back; about the purpose, never about a person."""
    decided_by: Mapped[str] = mapped_column(String(32))
    role: Mapped[str] = mapped_column(String(30))
    decided_at: Mapped[datetime]


class LogRow(Base):
    """An entry of the log, in the format of `features.ledger`. Triggers refuse any change or removal."""

    __tablename__ = "ledger_entries"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    case_id: Mapped[str | None] = mapped_column(String(32), index=True)
    """The case that the entry is about, for lookup; also part of the entry itself."""
    entry: Mapped[str] = mapped_column(Text())
    """The whole entry as one line of JSON, exactly as it was sealed."""
