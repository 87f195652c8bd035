"""What /metrics shows; no label ever names a person or a text."""

from prometheus_client import Counter, Gauge, Histogram

TURNS = Counter("bot_turns_total", "Activities that were handled, by kind and outcome", ["kind", "outcome"])
TURN_SECONDS = Histogram("bot_turn_seconds", "Time to handle an activity", ["kind"])
REJECTED = Counter("bot_rejected_total", "Requests that were turned away, by HTTP status", ["status"])
SENT = Counter("bot_sent_total", "Attempts to send a delivery, by the state that came of it", ["state"])
OPEN_ROWS = Gauge("bot_open_deliveries", "Deliveries queued or being sent")
UNKNOWN_ROWS = Gauge("bot_unknown_deliveries", "Deliveries that wait for a person to decide")
