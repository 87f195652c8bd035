"""The chats in which the bot can reach people."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Where a person's own chat with the bot is: the conversation and the service URL that Teams gave."""

    person: str
    conversation: str
    service_url: str
