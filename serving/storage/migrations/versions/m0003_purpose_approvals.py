"""The controller's approvals of purposes: appended to, never changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

REFUSED = "approvals are append-only: none is changed or removed"


def upgrade() -> None:
    op.create_table(
        "purpose_approvals",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_purpose_approvals")),
    )
    op.create_index(op.f("ix_purpose_approvals_digest"), "purpose_approvals", ["digest"])
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


_POSTGRESQL = (
    f"CREATE FUNCTION purpose_approvals_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$",
    """CREATE TRIGGER purpose_approvals_rows BEFORE UPDATE OR DELETE ON purpose_approvals
    FOR EACH ROW EXECUTE FUNCTION purpose_approvals_refuse()""",
    """CREATE TRIGGER purpose_approvals_all BEFORE TRUNCATE ON purpose_approvals
    FOR EACH STATEMENT EXECUTE FUNCTION purpose_approvals_refuse()""",
)

_SQLITE = (
    f"CREATE TRIGGER purpose_approvals_update BEFORE UPDATE ON purpose_approvals BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END",
    f"CREATE TRIGGER purpose_approvals_delete BEFORE DELETE ON purpose_approvals BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END",
    # INSERT OR REPLACE deletes without firing a delete trigger
    f"""CREATE TRIGGER purpose_approvals_replace BEFORE INSERT ON purpose_approvals
    WHEN EXISTS (SELECT 1 FROM purpose_approvals WHERE seq >= NEW.seq) BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END""",
)
