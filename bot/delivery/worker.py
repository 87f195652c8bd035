"""The loop that sends: take permits, claim rows, send them side by side, store what became of them."""

import asyncio
import contextlib
import secrets
from collections import OrderedDict
from datetime import timedelta

import structlog

from bot.clock import Clock
from bot.delivery.gate import RateGate
from bot.delivery.limits import SendingLimits
from bot.delivery.message import Message, activity_body
from bot.delivery.sender import Sender, Sent
from bot.metrics import SENT
from storage.deliveries.queue import DeliveryQueue
from storage.deliveries.records import Claimed, Finish, PauseReason
from storage.deliveries.store import Deliveries

log = structlog.get_logger(__name__)

_IDLE = 0.5
_HOUSEKEEPING = 1.0
_STORE_AT_END = 10.0
_LIFE_EVERY = timedelta(seconds=5)
_RECOVER_EVERY = timedelta(seconds=10)
_BODIES_KEPT = 16


class Worker:
    """Sends whatever is due in the ledger. Several workers may run on one PostgreSQL."""

    def __init__(
        self,
        *,
        sender: Sender,
        queue: DeliveryQueue,
        deliveries: Deliveries,
        gate: RateGate,
        clock: Clock,
        limits: SendingLimits,
        alone: bool,
    ) -> None:
        """Keep what the worker may touch; `alone` says that no other worker can be alive at its start."""
        self.id = secrets.token_hex(8)
        self._sender = sender
        self._queue = queue
        self._deliveries = deliveries
        self._gate = gate
        self._clock = clock
        self._limits = limits
        self._alone = alone
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._under_way: set[asyncio.Task[None]] = set()
        self._results: asyncio.Queue[Finish] = asyncio.Queue()
        self._wake = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Look for due rows at once instead of at the next turn."""
        self._wake.set()

    async def run(self) -> None:
        """Send until `stop`; what is under way at the end is still brought to its result."""
        await self._queue.recover(self._clock.now(), every_lease=self._alone)
        storing = asyncio.create_task(self._store_results())
        housekeeping = asyncio.create_task(self._keep_house())
        try:
            while not self._stopping:
                try:
                    busy = await self._send_due()
                except Exception:  # a database that is away for a moment must not end the loop
                    log.exception("worker.turn_failed")
                    busy = False
                if not busy:
                    await self._rest()
        finally:
            housekeeping.cancel()
            await asyncio.gather(housekeeping, return_exceptions=True)
            await asyncio.gather(*self._under_way, return_exceptions=True)
            with contextlib.suppress(TimeoutError):
                # A database that stays away must not keep the process: the leases tell the next start.
                await asyncio.wait_for(self._results.join(), _STORE_AT_END)
            storing.cancel()
            await asyncio.gather(storing, return_exceptions=True)
            await self._queue.leave(self.id)

    def stop(self) -> None:
        """Ask the loop to end."""
        self._stopping = True
        self._wake.set()

    async def _send_due(self) -> bool:
        """Claim and start what is due; True if there may be more."""
        free = self._limits.concurrency - len(self._under_way)
        if free < max(1, self._limits.concurrency // 4):
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            return True
        if not await self._queue.has_due(self._clock.now()):
            return False
        permits = await self._gate.take(free)
        rows = await self._queue.claim(permits, self._limits.lease, self._clock.now())
        for row in rows:
            task = asyncio.create_task(self._bring(row))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return bool(rows)

    async def _bring(self, row: Claimed) -> None:
        try:
            sent = await self._sender.send(row, await self._body(row.dispatch))
        except Exception:
            log.exception("worker.send_failed", delivery=row.id)
            sent = self._sender.in_doubt(row)
        SENT.labels(sent.finish.state.value).inc()
        try:
            await self._heed(row, sent)
        except Exception:  # the result must be stored whatever else fails
            log.exception("worker.heed_failed", delivery=row.id)
        self._results.put_nowait(sent.finish)

    async def _heed(self, row: Claimed, sent: Sent) -> None:
        if sent.unauthorized:
            log.error("worker.unauthorized", dispatch=row.dispatch)
            await self._queue.pause(row.dispatch, PauseReason.UNAUTHORIZED)
        if sent.throttled_for is not None:
            await self._gate.slow_down()

    async def _body(self, dispatch_id: str) -> bytes:
        if dispatch_id not in self._bodies:
            dispatch = await self._deliveries.dispatch(dispatch_id)
            if dispatch is None:
                raise LookupError(dispatch_id)
            self._bodies[dispatch_id] = activity_body(Message.load(dispatch.content))
            while len(self._bodies) > _BODIES_KEPT:
                self._bodies.popitem(last=False)
        return self._bodies[dispatch_id]

    async def _store_results(self) -> None:
        """Store results in groups: all that have come in while the last group was being committed."""
        while True:
            group = [await self._results.get()]
            while not self._results.empty():
                group.append(self._results.get_nowait())
            while True:
                try:
                    await self._queue.finish(group, self._clock.now())
                    break
                except (
                    Exception
                ):  # keep the results and try again: they are the only witness of what was sent
                    log.exception("worker.store_failed", rows=len(group))
                    await asyncio.sleep(1)
            for _ in group:
                self._results.task_done()

    async def _keep_house(self) -> None:
        next_life = next_recover = self._clock.now()
        while True:
            now = self._clock.now()
            try:
                if now >= next_life:
                    await self._queue.show_life(self.id, now)
                    next_life = now + _LIFE_EVERY
                if now >= next_recover:
                    await self._queue.recover(now, every_lease=False)
                    next_recover = now + _RECOVER_EVERY
                await self._queue.settle(now)
            except Exception:
                log.exception("worker.housekeeping_failed")
            await asyncio.sleep(_HOUSEKEEPING)

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), _IDLE)
        self._wake.clear()
