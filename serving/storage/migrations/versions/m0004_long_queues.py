"""Indexes for long queues: what waits is found, counted and ordered without reading what the cases hold.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

QUEUE = ["municipality", "state", "assignee_id", "second_reader_id", "is_shielded", "due_on", "expires_on", "reference", "id"]


def upgrade() -> None:
    op.drop_index("ix_cases_queue", table_name="cases")
    op.create_index("ix_cases_queue", "cases", QUEUE, unique=False)
    op.create_index("ix_cases_proposed", "cases", ["municipality", "created_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_cases_proposed", table_name="cases")
    op.drop_index("ix_cases_queue", table_name="cases")
    op.create_index("ix_cases_queue", "cases", ["municipality", "state"], unique=False)
