"""Sliding windows: how many requests fit into the last seconds."""

from collections import deque

# A bot's sends to one conversation; Teams has 1,800 in an hour besides.
TEAMS_CONVERSATION_LIMITS = ((7, 1.0), (8, 2.0), (60, 30.0))


class SlidingWindow:
    """Admits at most `count` requests in any `span` seconds, for every pair given."""

    def __init__(self, limits: tuple[tuple[int, float], ...]) -> None:
        """Start empty."""
        self._limits = limits
        self._admitted: deque[float] = deque(maxlen=max(count for count, _ in limits))

    def wait(self, now: float) -> float:
        """Return the seconds until a request would be admitted; 0 if it is now."""
        longest = 0.0
        for count, span in self._limits:
            if len(self._admitted) >= count:
                longest = max(longest, self._admitted[-count] + span - now)
        return longest

    def note(self, now: float) -> None:
        """Count a request that was admitted."""
        self._admitted.append(now)
