"""One piece of work at a time, shared by all who want its result."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Runs a coroutine function at most once at a time.

    The work is a task of its own: a caller who goes away does not stop it for the others.
    """

    def __init__(self, work: Callable[[], Coroutine[Any, Any, T]]) -> None:
        """Keep the work, which logs its own failures: with `start` nobody may be waiting for them."""
        self._work = work
        self._task: asyncio.Task[T] | None = None

    @property
    def running(self) -> bool:
        """Tell whether the work is under way."""
        return self._task is not None and not self._task.done()

    def start(self) -> asyncio.Task[T]:
        """Begin the work, or join what is under way."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
            self._task.add_done_callback(_mark_as_seen)
        return self._task

    async def result(self) -> T:
        """Begin or join the work, and return its result or raise its error."""
        return await asyncio.shield(self.start())

    async def close(self) -> None:
        """Stop what is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})


def _mark_as_seen(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()
