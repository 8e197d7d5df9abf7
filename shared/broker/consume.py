"""Consume a queue in merged batches, so that nothing is lost and nobody pays for a neighbour.

A worker that is killed makes RabbitMQ deliver everything that it held again, and counts that
against each delivery. So a worker begins with one delivery at a time until a fresh one has
committed; what was delivered before is handled event by event; an envelope delivered more than
twice is taken apart; and a single event that went with its worker five times is given up.
"""

import asyncio
import traceback
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic

import msgspec
from aio_pika.abc import (
    AbstractChannel,
    AbstractConnection,
    AbstractIncomingMessage,
    AbstractQueue,
)

from shared.broker.connect import LOST, connection_for, part_of
from shared.broker.publish import Publisher
from shared.broker.settle import Failed, GiveBackError, Handle, Judge, Settler
from shared.errors import OutsideAwayError
from shared.events import (
    MAX_EVENTS,
    Event,
    decode_event,
    encode_event,
    open_envelope,
    seal_envelope,
)
from shared.log import failure, log
from shared.service import Service
from shared.waiting import first_of

PURPOSE = "consume"
PREFETCH = 100
"""Deliveries, each of one or more events; more would only put more neighbours at risk."""
TAKE_APART_AT = 2
GIVE_UP_AT = 5
MOST_FAILURES_IN_A_ROW = 10
SUSPEND_SECONDS = 30.0
_LONGEST_TRACEBACK = 8_000


class _SuspendedError(Exception):
    """So many events failed alone that it is not the events."""


@dataclass(frozen=True, slots=True)
class _Delivery:
    message: AbstractIncomingMessage
    session: "_Session"
    encoded: list[bytes]
    events: list[Event]
    count: int
    """How often it was delivered before; RabbitMQ counts it for quorum queues."""

    @property
    def fresh(self) -> bool:
        return self.count == 0 and not self.message.redelivered

    @property
    def suspect(self) -> bool:
        return self.count >= TAKE_APART_AT


class Consumer:
    """Feeds a handler from one queue until the process is asked to stop."""

    def __init__(
        self,
        amqp_url: str,
        queue: str,
        handle: Handle,
        *,
        judge: Judge,
        outside_answers: Callable[[], Awaitable[None]],
        on_dead: Callable[[Event, str], Awaitable[None]],
        publisher: Publisher,
        service: Service,
    ) -> None:
        """Prepare.

        `outside_answers` raises as long as the handler could not work; `on_dead` writes down an
        event that went to the dead letters.
        """
        self._amqp_url = amqp_url
        self._queue = queue
        self._judge = judge
        self._outside_answers = outside_answers
        self._on_dead = on_dead
        self._publisher = publisher
        self._service = service
        self._settler = Settler(queue, handle, judge, service)
        self._events_part = f"events of {queue}"
        self._failures_in_a_row = 0

    async def run(self) -> None:
        """Consume, and after any loss begin anew, until the process is asked to stop."""
        self._service.health.not_ready(part_of(PURPOSE), "not connected")
        while not self._service.stopping.is_set():
            await self._wait_for_the_outside()
            async with connection_for(self._amqp_url, PURPOSE, self._service) as connection:
                if connection is None:
                    return
                pause = await self._consume_until_lost(connection)
            await self._service.stopped_within(pause)

    async def _wait_for_the_outside(self) -> None:
        part = f"outside of {self._queue}"

        def say(attempt: int, error: BaseException) -> None:
            self._service.health.not_ready(part, "the database does not answer")
            log.warning(
                "worker.waiting", queue=self._queue, events=0, attempt=attempt,
                **failure(error),
            )  # fmt: skip

        try:
            await self._service.try_until_stopped(self._outside_answers, (Exception,), say)
        except Exception as error:  # noqa: BLE001  asked to stop; the loop above ends
            log.debug("worker.waiting", queue=self._queue, **failure(error))
        self._service.health.ready(part)

    async def _consume_until_lost(self, connection: AbstractConnection) -> float:
        """Give the seconds to pause before consuming again."""
        session: _Session | None = None
        try:
            channel = await connection.channel(publisher_confirms=False)
            session = _Session(channel, self._queue)
            await session.open()
            self._service.health.ready(part_of(PURPOSE))
            while await session.has_deliveries(self._service.stopping):
                await self._work(session)
        except GiveBackError:
            if session is not None:
                await self._give_back(session)
        except _SuspendedError:
            self._service.health.not_ready(
                self._events_part, "every event fails: it is not the events"
            )
            log.error(
                "worker.suspended", queue=self._queue, failures_in_a_row=self._failures_in_a_row
            )
            if session is not None:
                await self._give_back(session)
            return SUSPEND_SECONDS
        except (*LOST, OutsideAwayError) as error:
            log.warning("amqp.lost", purpose=PURPOSE, **failure(error))
        return 0.0

    async def _give_back(self, session: "_Session") -> None:
        """Put what is held at the end of the queue, as new.

        Closing the channel alone would count as a failed delivery of each, and a fault of the
        system that lasts hours would in the end bury events that nothing is wrong with.
        """
        held = list(session.unsettled.values())
        log.warning("worker.gave_back", queue=self._queue, deliveries=len(held))
        if self._service.stopping.is_set():
            return
        try:
            for message in held:
                await self._publisher.publish_alone(self._queue, message.body)
                await session.settle(message)
        except (*LOST, OutsideAwayError) as error:
            log.warning("amqp.lost", purpose=PURPOSE, **failure(error))

    async def _work(self, session: "_Session") -> None:
        """Settle what has arrived: fresh deliveries together, others alone, suspects last."""
        opened = [await self._open(session, message) for message in session.take()]
        deliveries = [delivery for delivery in opened if delivery is not None]
        session.suspects += [delivery for delivery in deliveries if delivery.suspect]
        if session.suspects:
            # Whoever kills its worker shall find no neighbours there: let no more come.
            await session.subscribe(prefetch=0)
        fresh = [delivery for delivery in deliveries if delivery.fresh]
        await self._handle_together(fresh)
        for delivery in deliveries:
            if not delivery.fresh and not delivery.suspect:
                await self._handle_one_by_one(delivery)
        if session.suspects and session.is_empty:
            for delivery in sorted(session.suspects, key=lambda one: one.count):
                await self._handle_suspect(delivery)
            session.suspects.clear()
            await session.subscribe(prefetch=1)
        elif fresh and session.prefetch == 1:
            await session.subscribe(prefetch=PREFETCH)

    async def _open(
        self, session: "_Session", message: AbstractIncomingMessage
    ) -> _Delivery | None:
        """Decode a delivery; what cannot be read goes to the dead letters at once."""
        counted = message.headers.get("x-delivery-count")
        count = counted if isinstance(counted, int) else int(bool(message.redelivered))
        try:
            encoded = open_envelope(message.body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            await self._bury(message.body, "the envelope cannot be read", count, error)
            await session.settle(message)
            return None
        events, good = [], []
        for one in encoded:
            try:
                events.append(decode_event(one))
                good.append(one)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                body = seal_envelope([one])
                await self._bury(body, "the event cannot be read", count, error)
        return _Delivery(message, session, good, events, count)

    async def _handle_together(self, deliveries: Sequence[_Delivery]) -> None:
        for batch in _merge(deliveries):
            started = monotonic()
            events = [event for delivery in batch for event in delivery.events]
            failed = await self._settler.settle(events)
            await self._judge_failures(failed, len(events))
            for delivery in batch:
                await delivery.session.settle(delivery.message)
            log.debug(
                "batch.committed", queue=self._queue, events=len(events), deliveries=len(batch),
                took_ms=round((monotonic() - started) * 1000, 1),
            )  # fmt: skip

    async def _handle_one_by_one(self, delivery: _Delivery) -> None:
        for event in delivery.events:
            await self._judge_failures(await self._settler.settle([event]), 1)
        await delivery.session.settle(delivery.message)

    async def _handle_suspect(self, delivery: _Delivery) -> None:
        if len(delivery.encoded) > 1:
            log.warning(
                "envelope.taken_apart", queue=self._queue, events=len(delivery.encoded),
                delivery_count=delivery.count,
            )  # fmt: skip
            for one in delivery.encoded:
                await self._publisher.publish_alone(self._queue, seal_envelope([one]))
            await delivery.session.settle(delivery.message)
        elif delivery.encoded and delivery.count >= GIVE_UP_AT:
            reason = "its workers did not survive it"
            body = seal_envelope(delivery.encoded)
            await self._bury(body, reason, delivery.count, None, delivery.events[0])
            await delivery.session.settle(delivery.message)
        else:
            await self._handle_one_by_one(delivery)

    async def _judge_failures(self, failed: Sequence[Failed], handled: int) -> None:
        """Bury what failed alone, unless nothing but failures was seen for a while."""
        if len(failed) < handled:
            self._failures_in_a_row = 0
            self._service.health.ready(self._events_part)
        for one in failed:
            self._failures_in_a_row += 1
            if self._failures_in_a_row >= MOST_FAILURES_IN_A_ROW:
                raise _SuspendedError
            body = seal_envelope([encode_event(one.event)])
            await self._bury(body, one.reason, 0, one.error, one.event)

    async def _bury(
        self,
        body: bytes,
        reason: str,
        count: int,
        error: Exception | None,
        event: Event | None = None,
    ) -> None:
        """Publish to the dead letters with everything that a person needs to understand it.

        The body is an envelope: moved back to its queue, it is handled like any other.
        """
        headers: dict[str, str | int] = {
            "x-reason": reason,
            "x-origin": self._queue,
            "x-delivered": count + 1,
        }
        if error is not None:
            text = "".join(traceback.format_exception(error))
            headers["x-traceback"] = text[-_LONGEST_TRACEBACK:]

        def say(_: int, error: BaseException) -> None:
            log.warning("publish.failed", queue=self._queue, events=1, **failure(error))

        await self._service.try_until_stopped(
            lambda: self._publisher.publish_dead(self._queue, body, headers),
            (OutsideAwayError,),
            say,
        )
        if event is not None:
            await self._write_down(event, reason)
        log.error(
            "event.dead_lettered", queue=self._queue, reason=reason, delivery_count=count,
            item_id=str(event.item_id) if event is not None else None,
            **(failure(error) if error is not None else {}),
        )  # fmt: skip

    async def _write_down(self, event: Event, reason: str) -> None:
        """Record the burial; the dead letter is kept in any case, so a failure only is said."""
        try:
            await self._on_dead(event, reason)
        except Exception as error:  # noqa: BLE001  whatever was wrong with it may be so here too
            log.warning(
                "event.not_recorded", queue=self._queue, item_id=str(event.item_id),
                **failure(error),
            )  # fmt: skip


class _Session:
    """One channel: what it has delivered and not yet handed on, and how much it may."""

    def __init__(self, channel: AbstractChannel, queue: str) -> None:
        self._channel = channel
        self._queue_name = queue
        self._queue: AbstractQueue | None = None
        self._tag: str | None = None
        self._inbox: deque[AbstractIncomingMessage] = deque()
        self.suspects: list[_Delivery] = []
        self.unsettled: dict[int | None, AbstractIncomingMessage] = {}
        self._arrived = asyncio.Event()
        self._lost = asyncio.Event()
        self.prefetch = 0

    async def open(self) -> None:
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

    def take(self) -> list[AbstractIncomingMessage]:
        """Take what has arrived."""
        taken = list(self._inbox)
        self._inbox.clear()
        return taken

    @property
    def is_empty(self) -> bool:
        """Tell whether everything that has arrived was taken."""
        return not self._inbox

    async def settle(self, message: AbstractIncomingMessage) -> None:
        """Acknowledge: everything that the delivery holds is committed or buried."""
        await message.ack()
        del self.unsettled[message.delivery_tag]

    async def _on_message(self, message: AbstractIncomingMessage) -> None:
        self.unsettled[message.delivery_tag] = message
        self._inbox.append(message)
        self._arrived.set()

    def _on_cancel(self, _: object) -> None:
        # The queue was deleted or is not available: only a new session can tell.
        log.error("amqp.consumer_cancelled", queue=self._queue_name)
        self._lost.set()

    def _on_close(self, *_: object) -> None:
        self._inbox.clear()
        self._lost.set()


def _merge(deliveries: Sequence[_Delivery]) -> list[list[_Delivery]]:
    """Group deliveries into batches of at most MAX_EVENTS events, or of one larger delivery."""
    batches: list[list[_Delivery]] = []
    size = MAX_EVENTS
    for delivery in deliveries:
        if size + len(delivery.events) > MAX_EVENTS:
            batches.append([])
            size = 0
        batches[-1].append(delivery)
        size += len(delivery.events)
    return batches
