"""The conversations that the fake knows, and the messages that stand in them."""

import re
from collections import Counter

_CHAT_ID = re.compile(r"a:\d+-(?P<member>.+)")
_FIRST_ACTIVITY = 1_700_000_000_000


def chat_id(member: str, generation: int = 1) -> str:
    """Return the id of the chat of one member: tests may hand it to the bot as one already known.

    Args:
        member: the id that the chat is opened with.
        generation: 1 for the first chat, one more each time that the chat before it was lost.
    """
    return f"a:{generation}-{member}"


class Chats:
    """Which chats exist, which were lost, and which activities can be updated."""

    def __init__(self) -> None:
        """Begin with no chat lost and no message sent."""
        self._generation: Counter[str] = Counter()
        self._lost: set[str] = set()
        self._activities: set[tuple[str, str]] = set()
        self._next_activity = _FIRST_ACTIVITY

    @staticmethod
    def member_of(conversation: str) -> str | None:
        """Return whose chat it is; None for a conversation that the fake did not name."""
        match = _CHAT_ID.fullmatch(conversation)
        return match["member"] if match else None

    def open(self, member: str) -> str:
        """Return the chat of a member, a new one if the last was lost."""
        while (conversation := chat_id(member, self._generation[member] + 1)) in self._lost:
            self._generation[member] += 1
        return conversation

    def lose(self, conversation: str) -> None:
        """Let a conversation be found no more."""
        self._lost.add(conversation)

    def is_lost(self, conversation: str) -> bool:
        """Say whether a conversation was lost; one never heard of counts as existing."""
        return conversation in self._lost

    def add_activity(self, conversation: str) -> str:
        """Return the id of a new message."""
        self._next_activity += 1
        activity = str(self._next_activity)
        self._activities.add((conversation, activity))
        return activity

    def remove_activity(self, conversation: str, activity: str) -> None:
        """Delete a message."""
        self._activities.discard((conversation, activity))

    def has_activity(self, conversation: str, activity: str | None) -> bool:
        """Say whether a message stands there still."""
        return activity is not None and (conversation, activity) in self._activities
