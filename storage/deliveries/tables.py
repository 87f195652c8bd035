"""The tables of dispatches, deliveries, the rate gate and the workers' signs of life."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.ledger import Instant, metadata

dispatches = Table(
    "dispatches",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("subject", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("policy", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("head_count", Integer, nullable=False),
    Column("acknowledge", Boolean, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("deadline", Instant),
    Column("expires", Instant),
    Column("created_by", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("start_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("give_up_at", Instant, nullable=False),
    Column("pause_reason", String(32)),
    Column("pause_told_at", Instant),
    Column("live_conversation", String(512)),
    Column("live_service_url", String(512)),
    Column("live_activity_id", String(256)),
    Column("live_updated_at", Instant),
    Index(None, "subject"),
    Index(None, "state", "start_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("dispatch", String(64), ForeignKey("dispatches.id"), nullable=False),
    Column("recipient", String(512), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("section", String(64), nullable=False),
    Column("bureau", String(64), nullable=False),
    Column("conversation", String(512), nullable=False),
    Column("service_url", String(512), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(32)),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("fence", Integer, nullable=False),
    Column("chat_reopened", Boolean, nullable=False),
    Column("activity_id", String(256)),
    Column("delivered_at", Instant),
    Column("acknowledged_at", Instant),
    Column("recalled_at", Instant),
    UniqueConstraint("dispatch", "recipient"),
    Index(None, "dispatch", "state", "not_before"),
    Index(None, "recipient"),
    Index("ix_deliveries_lease", "state", "lease_until"),
)

rate_gate = Table(
    "rate_gate",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("next_free_micros", BigInteger, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("seen_at", Instant, nullable=False),
)
