"""Publish events so that the caller knows whether RabbitMQ has stored them.

Events that come while a confirm is outstanding travel together in the next envelope: an idle
system adds no delay, a busy one needs few confirms.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange
from pamqp.commands import Basic

from shared.broker.connect import LOST, connection_for, part_of
from shared.broker.topology import EVENTS_PER_ENVELOPE, EXCHANGE, dead_queue
from shared.errors import OutsideAwayError
from shared.events import MAX_BYTES, seal_envelope
from shared.log import failure, log
from shared.service import Service
from shared.waiting import first_of

PURPOSE = "publish"
CONFIRM_SECONDS = 5.0
# Envelopes under way at once for a queue; more cost more than they bring (aiormq walks all
# outstanding tags at each confirm).
IN_FLIGHT = 2
# While the broker is blocked, what waits here is bounded; the rest hears at once that it is away.
MOST_WAITING = 20_000


@dataclass(slots=True)
class _Parcel:
    """One caller's events, which may leave in several envelopes."""

    left: int
    done: asyncio.Future[None]

    def confirmed(self, events: int) -> None:
        self.left -= events
        if self.left == 0 and not self.done.done():
            self.done.set_result(None)

    def failed(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


_Waiting = tuple[bytes, str, _Parcel]
"""An encoded event, its trace, and whose it is."""


@dataclass(slots=True)
class _Lane:
    """What waits for one queue."""

    waiting: deque[_Waiting] = field(default_factory=deque)
    flushers: set[asyncio.Task[None]] = field(default_factory=set)


class Publisher:
    """A connection, a channel with confirms, and a lane for each queue."""

    def __init__(self, amqp_url: str, service: Service) -> None:
        self._amqp_url = amqp_url
        self._service = service
        self._channel: AbstractChannel | None = None
        self._exchange: AbstractExchange | None = None
        self._lanes: dict[str, _Lane] = {}
        self._closing = asyncio.Event()

    async def run(self) -> None:
        """Keep a channel open until `close` is called."""
        while not self._closing.is_set():
            async with connection_for(self._amqp_url, PURPOSE, self._service) as connection:
                if connection is None:
                    return
                try:
                    await self._hold_channel(connection)
                except LOST as error:
                    log.warning("amqp.lost", purpose=PURPOSE, **failure(error))
                finally:
                    self._channel = self._exchange = None

    async def _hold_channel(self, connection: AbstractConnection) -> None:
        """Offer a channel with confirms until it is lost, or `close` is called."""
        channel = await self.open_channel(connection)
        self._service.health.ready(part_of(PURPOSE))
        await first_of(channel.closed(), self._closing.wait())

    async def open_channel(self, connection: AbstractConnection) -> AbstractChannel:
        """Publish on this connection; for a command, which opens one and does not `run`."""
        # on_return_raises: without it a message that no queue took counts as published.
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        self._exchange = await channel.get_exchange(EXCHANGE, ensure=False)
        self._channel = channel
        return channel

    def close(self) -> None:
        """Let `run` end; what is published afterwards fails."""
        self._closing.set()

    async def publish(self, queue: str, events: Sequence[bytes], trace_id: str) -> None:
        """Return when RabbitMQ has confirmed all of them; raise OutsideAwayError when unsure.

        `events` are encoded events. After an error some may have been stored all the same: who
        publishes them again makes duplicates, which the ledger knows.
        """
        if not events:
            return
        lane = self._lanes.setdefault(queue, _Lane())
        if self._channel is None or len(lane.waiting) > MOST_WAITING:
            raise OutsideAwayError("RabbitMQ is not reachable or is blocked")
        parcel = _Parcel(len(events), asyncio.get_running_loop().create_future())
        lane.waiting.extend((event, trace_id, parcel) for event in events)
        if len(lane.flushers) < IN_FLIGHT:
            task = asyncio.create_task(self._flush(queue, lane))
            lane.flushers.add(task)
            task.add_done_callback(lane.flushers.discard)
        await parcel.done

    async def publish_alone(self, queue: str, body: bytes) -> None:
        """Publish an envelope as it is; raise OutsideAwayError when unsure."""
        if self._exchange is None:
            raise OutsideAwayError("RabbitMQ is not reachable")
        await self._send(self._exchange, queue, body, {})

    async def publish_dead(self, queue: str, body: bytes, headers: Mapping[str, str | int]) -> None:
        """Put an event into the dead letters of a queue; raise OutsideAwayError when unsure."""
        if self._channel is None:
            raise OutsideAwayError("RabbitMQ is not reachable")
        await self._send(self._channel.default_exchange, dead_queue(queue), body, headers)

    async def count_waiting(self, queue: str) -> int:
        """Count the envelopes that wait in a queue; raise OutsideAwayError if it cannot be told."""
        if self._channel is None:
            raise OutsideAwayError("RabbitMQ is not reachable")
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                declared = await self._channel.declare_queue(queue, passive=True)
        except LOST as error:
            raise OutsideAwayError("RabbitMQ does not answer") from error
        return declared.declaration_result.message_count or 0

    async def _flush(self, queue: str, lane: _Lane) -> None:
        while lane.waiting:
            batch = _take(lane.waiting, EVENTS_PER_ENVELOPE[queue])
            try:
                await self._send_envelope(queue, batch)
            except Exception as error:  # noqa: BLE001  whatever it was, callers must hear of it
                # What waits behind it would only wait as long again for the same answer.
                batch += lane.waiting
                lane.waiting.clear()
                log.warning(
                    "publish.failed", queue=queue, events=len(batch),
                    **failure(error.__cause__ or error),
                )  # fmt: skip
                for _, _, parcel in batch:
                    parcel.failed(OutsideAwayError("RabbitMQ did not confirm"))
            else:
                for _, _, parcel in batch:
                    parcel.confirmed(1)

    async def _send_envelope(self, queue: str, batch: list[_Waiting]) -> None:
        if self._exchange is None:
            raise OutsideAwayError("RabbitMQ is not reachable")
        body = seal_envelope([event for event, _, _ in batch])
        # The envelope goes with its first event's trace; each event carries its own besides.
        headers = {"traceparent": f"00-{batch[0][1]}-{batch[0][1][:16]}-01"} if batch[0][1] else {}
        await self._send(self._exchange, queue, body, headers)

    async def _send(
        self,
        exchange: AbstractExchange,
        routing_key: str,
        body: bytes,
        headers: Mapping[str, str | int],
    ) -> None:
        message = aio_pika.Message(
            body,
            headers=dict(headers),
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        try:
            result = await exchange.publish(message, routing_key, timeout=CONFIRM_SECONDS)
        except LOST as error:
            raise OutsideAwayError("RabbitMQ did not confirm") from error
        if not isinstance(result, Basic.Ack):
            raise OutsideAwayError("RabbitMQ did not take the message")


def _take(waiting: deque[_Waiting], most: int) -> list[_Waiting]:
    """Take as much as one envelope may hold; a larger event travels alone."""
    batch = [waiting.popleft()]
    size = len(batch[0][0])
    while waiting and len(batch) < most and size + len(waiting[0][0]) <= MAX_BYTES:
        batch.append(waiting.popleft())
        size += len(batch[-1][0])
    return batch
