"""One channel: what it has delivered and not yet handed on, and how much it may deliver."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue

from shared.events import Event
from shared.log import log
from shared.waiting import first_of

TAKE_APART_AT = 2


@dataclass(frozen=True, slots=True)
class Delivery:
    """What RabbitMQ delivered, opened; events that could not be read are not in it."""

    message: AbstractIncomingMessage
    session: "Session"
    encoded: list[bytes]
    events: list[Event]
    count: int
    """How often it was delivered before; RabbitMQ counts it for quorum queues."""

    @property
    def fresh(self) -> bool:
        """Tell whether it comes for the first time."""
        return self.count == 0 and not self.message.redelivered

    @property
    def suspect(self) -> bool:
        """Tell whether it may be what ended its workers."""
        return self.count >= TAKE_APART_AT

    async def settle(self) -> None:
        """Acknowledge: everything that it holds is committed or buried."""
        await self.session.settle([self.message])


class Session:
    """A channel that consumes one queue, and forgets what it holds when it is lost."""

    def __init__(self, channel: AbstractChannel, queue: str) -> None:
        self._channel = channel
        self._queue_name = queue
        self._queue: AbstractQueue | None = None
        self._tag: str | None = None
        self._inbox: deque[AbstractIncomingMessage] = deque()
        self.suspects: list[Delivery] = []
        self.unsettled: dict[int | None, AbstractIncomingMessage] = {}
        self._arrived = asyncio.Event()
        self._full = asyncio.Event()
        self._lost = asyncio.Event()
        self.prefetch = 0

    async def open(self) -> None:
        """Begin with one delivery at a time."""
        underlay = await self._channel.get_underlay_channel()
        underlay.on_consumer_cancel_callbacks.add(self._on_cancel)
        self._channel.close_callbacks.add(self._on_close)
        self._queue = await self._channel.get_queue(self._queue_name, ensure=False)
        await self.subscribe(prefetch=1)

    async def subscribe(self, prefetch: int) -> None:
        """Consume anew with another prefetch, which RabbitMQ fixes for a consumer's life; 0: pause.

        What was delivered stays with us, unacknowledged, and is settled as before.
        """
        if self._queue is None or prefetch == self.prefetch:
            return
        if self._tag is not None:
            await self._queue.cancel(self._tag)
            self._tag = None
        self.prefetch = prefetch
        if prefetch:
            await self._channel.set_qos(prefetch_count=prefetch)
            self._tag = await self._queue.consume(self._on_message)
            log.info("worker.consuming", queue=self._queue_name, prefetch=prefetch)

    async def has_deliveries(self, stopping: asyncio.Event) -> bool:
        """Wait for deliveries; False when the process ends. Raises ConnectionError when lost."""
        if not self._inbox:
            self._arrived.clear()
            await first_of(self._arrived.wait(), self._lost.wait(), stopping.wait())
        if self._lost.is_set():
            raise ConnectionError("the channel is lost")
        return not stopping.is_set()

    async def collect(self, seconds: float, stopping: asyncio.Event) -> None:
        """Wait for more deliveries, until all that may be held are here or the time is over."""
        if seconds and len(self._inbox) < self.prefetch:
            self._full.clear()
            waits = (self._full.wait(), self._lost.wait(), stopping.wait(), asyncio.sleep(seconds))
            await first_of(*waits)

    def take(self) -> list[AbstractIncomingMessage]:
        """Take what has arrived."""
        taken = list(self._inbox)
        self._inbox.clear()
        return taken

    @property
    def is_empty(self) -> bool:
        """Tell whether everything that has arrived was taken."""
        return not self._inbox

    async def settle(self, messages: Sequence[AbstractIncomingMessage]) -> None:
        """Acknowledge: everything that these deliveries hold is committed or buried."""
        tags = [message.delivery_tag for message in messages]
        if tags == list(islice(self.unsettled, len(tags))):
            # They are the oldest, so one word is enough for all of them.
            await messages[-1].ack(multiple=True)
        else:
            for message in messages:
                await message.ack()
        for tag in tags:
            del self.unsettled[tag]

    async def _on_message(self, message: AbstractIncomingMessage) -> None:
        self.unsettled[message.delivery_tag] = message
        self._inbox.append(message)
        self._arrived.set()
        if len(self._inbox) >= self.prefetch:
            self._full.set()

    def _on_cancel(self, _: object) -> None:
        # The queue was deleted or is not available: only a new session can tell.
        log.error("amqp.consumer_cancelled", queue=self._queue_name)
        self._lost.set()

    def _on_close(self, *_: object) -> None:
        self._inbox.clear()
        self._lost.set()
