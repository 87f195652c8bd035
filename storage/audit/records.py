"""What was done by whom: an append-only chain in which a missing or changed link shows."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

FIRST_PREVIOUS = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One link: the actor is a pseudonym, the subject an id, never a text that somebody wrote."""

    sequence: int
    at: datetime
    actor: str
    action: str
    subject: str
    outcome: str
    previous: str
    digest: str

    def is_intact(self) -> bool:
        """Say whether the digest still fits the content."""
        return self.digest == chain_digest(
            self.previous,
            self.sequence,
            self.at,
            actor=self.actor,
            action=self.action,
            subject=self.subject,
            outcome=self.outcome,
        )


def chain_digest(
    previous: str, sequence: int, at: datetime, *, actor: str, action: str, subject: str, outcome: str
) -> str:
    """Return the SHA-256 (hex) that binds an entry to the one before it."""
    content = [previous, sequence, int(at.timestamp() * 1000), actor, action, subject, outcome]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()
