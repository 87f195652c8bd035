"""The first tables: audit, chats, dispatches with their deliveries, documents, memberships."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables with their indexes."""
    op.create_table(
        "audit",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("outcome", sa.String(length=128), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit"),
    )
    op.create_table(
        "audit_key",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_key"),
    )
    op.create_table(
        "chats",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("conversation", sa.String(length=512), nullable=False),
        sa.Column("service_url", sa.String(length=512), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("greeted_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("person", name="pk_chats"),
    )
    op.create_table(
        "dispatches",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("policy", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("head_count", sa.Integer(), nullable=False),
        sa.Column("acknowledge", sa.Boolean(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("deadline", sa.BigInteger()),
        sa.Column("expires", sa.BigInteger()),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("give_up_at", sa.BigInteger(), nullable=False),
        sa.Column("pause_reason", sa.String(length=32)),
        sa.Column("pause_told_at", sa.BigInteger()),
        sa.Column("live_conversation", sa.String(length=512)),
        sa.Column("live_service_url", sa.String(length=512)),
        sa.Column("live_activity_id", sa.String(length=256)),
        sa.Column("live_updated_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_dispatches"),
    )
    op.create_index("ix_dispatches_state_start_at", "dispatches", ["state", "start_at"])
    op.create_index("ix_dispatches_subject", "dispatches", ["subject"])
    op.create_table(
        "document_versions",
        sa.Column("collection", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("collection", name="pk_document_versions"),
    )
    op.create_table(
        "documents",
        sa.Column("collection", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("collection", "id", name="pk_documents"),
    )
    op.create_table(
        "memberships",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("primary", sa.Boolean(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.PrimaryKeyConstraint("person", "section", "since", name="pk_memberships"),
    )
    op.create_index("ix_memberships_section_since", "memberships", ["section", "since"])
    op.create_table(
        "rate_gate",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("next_free_micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_rate_gate"),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dispatch", sa.String(length=64), nullable=False),
        sa.Column("recipient", sa.String(length=512), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("bureau", sa.String(length=64), nullable=False),
        sa.Column("conversation", sa.String(length=512), nullable=False),
        sa.Column("service_url", sa.String(length=512), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("chat_reopened", sa.Boolean(), nullable=False),
        sa.Column("activity_id", sa.String(length=256)),
        sa.Column("delivered_at", sa.BigInteger()),
        sa.Column("acknowledged_at", sa.BigInteger()),
        sa.Column("recalled_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("dispatch", "recipient", name="uq_deliveries_dispatch_recipient"),
        sa.ForeignKeyConstraint(["dispatch"], ["dispatches.id"], name="fk_deliveries_dispatch_dispatches"),
    )
    op.create_index(
        "ix_deliveries_dispatch_state_not_before", "deliveries", ["dispatch", "state", "not_before"]
    )
    op.create_index("ix_deliveries_lease", "deliveries", ["state", "lease_until"])
    op.create_index("ix_deliveries_recipient", "deliveries", ["recipient"])
