"""The review from the second reader to the evaluated measure, access by identity provider, kill switches, alarms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID, SUBJECT, CODE, TIME = sa.String(length=32), sa.String(length=32), sa.String(length=40), sa.DateTime(timezone=True)


def upgrade() -> None:
    _accounts_and_sessions()
    _cases()
    _after_the_decision()
    _operations()


def _accounts_and_sessions() -> None:
    op.add_column("accounts", sa.Column("service", sa.String(length=63), nullable=True))
    op.add_column("accounts", sa.Column("subject_id", SUBJECT, nullable=True))
    op.add_column("accounts", sa.Column("issuer", sa.String(length=300), nullable=True))
    op.add_column("accounts", sa.Column("external_id", sa.String(length=300), nullable=True))
    op.create_index("ix_accounts_issuer_external_id", "accounts", ["issuer", "external_id"], unique=True)
    op.add_column("sessions", sa.Column("provider_session", sa.String(length=300), nullable=True))
    op.create_index(op.f("ix_sessions_provider_session"), "sessions", ["provider_session"])
    op.create_table(
        "login_attempts",
        sa.Column("state_digest", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=100), nullable=False),
        sa.Column("code_verifier", sa.String(length=128), nullable=False),
        sa.Column("return_to", sa.String(length=300), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("state_digest", name=op.f("pk_login_attempts")),
    )
    op.create_table(
        "seen_tokens",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_seen_tokens")),
    )


def _cases() -> None:
    op.add_column("cases", sa.Column("round", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("cases", sa.Column("second_reader_id", ID, nullable=True))
    op.add_column("cases", sa.Column("is_quality_sample", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("cases", sa.Column("without_proposal", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("cases", sa.Column("reminded_on", sa.Date(), nullable=True))
    op.add_column("cases", sa.Column("escalated_on", sa.Date(), nullable=True))
    op.create_index(op.f("ix_cases_second_reader_id"), "cases", ["second_reader_id"])
    with op.batch_alter_table("own_views") as table:  # SQLite changes a constraint by making the table anew
        table.add_column(sa.Column("round", sa.Integer(), nullable=False, server_default="1"))
        table.drop_constraint("uq_own_views_case_id_account_id", type_="unique")
        table.create_unique_constraint(op.f("uq_own_views_case_id_account_id_round"), ["case_id", "account_id", "round"])
    op.add_column("restrictions", sa.Column("lifted_at", TIME, nullable=True))


def _after_the_decision() -> None:
    op.create_table(
        "step_notes",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("step", CODE, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("written_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_step_notes_account_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_step_notes_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_notes")),
    )
    op.create_index(op.f("ix_step_notes_case_id"), "step_notes", ["case_id"])
    op.create_table(
        "corrections",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("subject_id", SUBJECT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reported_at", TIME, nullable=False),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("changed_features", sa.Boolean(), nullable=True),
        sa.Column("notified_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_corrections_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_case_id"), "corrections", ["case_id"])
    op.create_index(op.f("ix_corrections_subject_id"), "corrections", ["subject_id"])
    op.create_table(
        "consents",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("subject_id", SUBJECT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("withdrawn_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_consents_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_case_id"), "consents", ["case_id"])
    op.create_index(op.f("ix_consents_subject_id"), "consents", ["subject_id"])
    op.create_table(
        "handovers",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("consent_id", ID, nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("holder_id", ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_handovers_case_id")),
        sa.ForeignKeyConstraint(["consent_id"], ["consents.id"], name=op.f("fk_handovers_consent_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["accounts.id"], name=op.f("fk_handovers_holder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
    )
    op.create_index(op.f("ix_handovers_case_id"), "handovers", ["case_id"])
    op.create_index(op.f("ix_handovers_holder_id"), "handovers", ["holder_id"])
    op.create_table(
        "access_requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("subject_id", SUBJECT, nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("answered_by", ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_requests")),
    )
    op.create_index(op.f("ix_access_requests_subject_id"), "access_requests", ["subject_id"])


def _operations() -> None:
    op.create_table(
        "idempotent_calls",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("sealed_answer", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_idempotent_calls")),
    )
    op.create_index(op.f("ix_idempotent_calls_made_at"), "idempotent_calls", ["made_at"])
    op.create_table(
        "suspensions",
        sa.Column("id", ID, nullable=False),
        sa.Column("model_name", sa.String(length=200), nullable=True),
        sa.Column("municipality", sa.String(length=4), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("turned_by", ID, nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("turned_at", TIME, nullable=False),
        sa.Column("lifted_by", ID, nullable=True),
        sa.Column("lifted_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspensions")),
    )
    op.create_table(
        "alarms",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("raised_at", TIME, nullable=False),
        sa.Column("seen_by", ID, nullable=True),
        sa.Column("seen_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_alarms_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
    )
    op.create_index(op.f("ix_alarms_account_id"), "alarms", ["account_id"])
    op.create_table(
        "looks",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("looked_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_looks_account_id")),
        sa.PrimaryKeyConstraint("account_id", "kind", "target", name=op.f("pk_looks")),
    )
    op.create_index(op.f("ix_looks_looked_at"), "looks", ["looked_at"])
