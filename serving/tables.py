"""The database's tables.

What a person or a reviewer wrote about a person, and what the model said, is in columns named ``sealed``: encrypted under that
person's own key (`serving.person_keys`). Erase the key and all of it is gone, in backups too.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Date, ForeignKey, Index, LargeBinary, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from serving.database import UtcDateTime

SUBJECT = String(32)


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
    password_hash: Mapped[str] = mapped_column(String(300))
    is_demo: Mapped[bool]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class SessionRow(Base):
    """A login. Only a digest of the token is kept, so that a copy of the database logs nobody in."""

    __tablename__ = "sessions"

    token_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


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
        Index("ix_cases_queue", "municipality", "state"),
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
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class OwnViewRow(Base):
    """What a reviewer thought before seeing the proposal."""

    __tablename__ = "own_views"
    __table_args__ = (UniqueConstraint("case_id", "account_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
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


class LogRow(Base):
    """An entry of the log, in the format of `features.ledger`. Triggers refuse any change or removal."""

    __tablename__ = "ledger_entries"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    case_id: Mapped[str | None] = mapped_column(String(32), index=True)
    """The case that the entry is about, for lookup; also part of the entry itself."""
    entry: Mapped[str] = mapped_column(Text())
    """The whole entry as one line of JSON, exactly as it was sealed."""
