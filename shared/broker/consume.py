"""Consume a queue in merged batches, so that nothing is lost and nobody pays for a neighbour.

A worker that is killed makes RabbitMQ deliver everything that it held again, and counts that
against each delivery. So a worker begins with one delivery at a time until a fresh one has
committed; what was delivered before is handled event by event; an envelope delivered more than
twice is taken apart; and a single event that three workers began and did not survive is given up.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from time import monotonic

import msgspec
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from shared.broker.bury import Burials, SuspendedError
from shared.broker.connect import LOST, connection_for, part_of
from shared.broker.publish import Publisher
from shared.broker.session import Delivery, Session
from shared.broker.settle import Failed, GiveBackError, Handle, Judge, Settler
from shared.broker.topology import COLLECT, PREFETCH
from shared.errors import OutsideAwayError
from shared.events import MAX_EVENTS, Event, decode_event, open_envelope, seal_envelope
from shared.log import failure, log
from shared.service import ResultT, Service

PURPOSE = "consume"
MOST_ATTEMPTS = 3
"""How often a suspect event is begun; where none of its workers survived, it is given up."""
SUSPEND_SECONDS = 30.0


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
        on_suspect: Callable[[Event], Awaitable[int]],
        on_dead: Callable[[Event, str], Awaitable[None]],
        publisher: Publisher,
        service: Service,
    ) -> None:
        """Prepare.

        `outside_answers` raises as long as the handler could not work; `on_suspect` counts, where
        it outlives this process, how often an event was begun; `on_dead` writes down an event that
        went to the dead letters, and raises OutsideAwayError where that must wait.
        """
        self._amqp_url = amqp_url
        self._queue = queue
        self._outside_answers = outside_answers
        self._on_suspect = on_suspect
        self._publisher = publisher
        self._service = service
        self._settler = Settler(queue, handle, judge, service)
        self._burials = Burials(queue, publisher, on_dead, service)

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
        session: Session | None = None
        try:
            channel = await connection.channel(publisher_confirms=False)
            session = Session(channel, self._queue)
            await session.open()
            self._service.health.ready(part_of(PURPOSE))
            while await session.has_deliveries(self._service.stopping):
                await session.collect(COLLECT[self._queue], self._service.stopping)
                await self._work(session)
            await self._give_back(session)
        except GiveBackError:
            if session is not None:
                await self._give_back(session)
        except SuspendedError:
            if session is not None:
                await self._give_back(session)
            return SUSPEND_SECONDS
        except (*LOST, OutsideAwayError) as error:
            log.warning("amqp.lost", purpose=PURPOSE, **failure(error))
        return 0.0

    async def _give_back(self, session: Session) -> None:
        """Put what is held at the end of the queue, as new.

        Closing the channel alone counts as a failed delivery of each, and a fault of the system
        that lasts hours, or a backlog that outlives many workers, would in the end bury events
        that nothing is wrong with. At the end of a process what came for the first time may go
        back as it is: one count is no suspicion.
        """
        ending = self._service.stopping.is_set()
        held = [one for one in session.unsettled.values() if one.redelivered or not ending]
        if not held:
            return
        log.warning("worker.gave_back", queue=self._queue, deliveries=len(held))
        try:
            # Or what is put back would be delivered here once more, and counted.
            await session.subscribe(prefetch=0)
            for message in held:
                await self._publisher.publish_alone(self._queue, message.body)
                await session.settle([message])
        except (*LOST, OutsideAwayError) as error:
            log.warning("amqp.lost", purpose=PURPOSE, **failure(error))

    async def _work(self, session: Session) -> None:
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
            await session.subscribe(prefetch=PREFETCH[self._queue])

    async def _open(self, session: Session, message: AbstractIncomingMessage) -> Delivery | None:
        """Decode a delivery; what cannot be read goes to the dead letters at once."""
        counted = message.headers.get("x-delivery-count")
        count = counted if isinstance(counted, int) else int(bool(message.redelivered))
        try:
            encoded = open_envelope(message.body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            await self._burials.bury_unreadable(
                message.body, "the envelope cannot be read", count, error
            )
            await session.settle([message])
            return None
        events, good = [], []
        for one in encoded:
            try:
                events.append(decode_event(one))
                good.append(one)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                await self._burials.bury_unreadable(
                    seal_envelope([one]), "the event cannot be read", count, error
                )
        return Delivery(message, session, good, events, count)

    async def _handle_together(self, deliveries: Sequence[Delivery]) -> None:
        for batch in _merge(deliveries):
            started = monotonic()
            events = [event for delivery in batch for event in delivery.events]
            failed = await self._settler.settle(events)
            await self._judge(events, failed)
            await batch[0].session.settle([one.message for one in batch])
            log.debug(
                "batch.committed", queue=self._queue, events=len(events), deliveries=len(batch),
                took_ms=round((monotonic() - started) * 1000, 1),
            )  # fmt: skip

    async def _handle_one_by_one(self, delivery: Delivery) -> None:
        for event in delivery.events:
            await self._judge([event], await self._settler.settle([event]))
        await delivery.settle()

    async def _judge(self, events: Sequence[Event], failed: Sequence[Failed]) -> None:
        """Bury what failed alone; in the events' order, so that a success between them counts."""
        by_item = {one.event.item_id: one for one in failed}
        for event in events:
            if event.item_id in by_item:
                await self._burials.bury_failed(by_item[event.item_id])
            else:
                self._burials.event_committed()

    async def _handle_suspect(self, delivery: Delivery) -> None:
        if len(delivery.encoded) > 1:
            log.warning(
                "envelope.taken_apart", queue=self._queue, events=len(delivery.encoded),
                delivery_count=delivery.count,
            )  # fmt: skip
            for one in delivery.encoded:
                body = seal_envelope([one])
                await self._hold_until(partial(self._publisher.publish_alone, self._queue, body))
            await delivery.settle()
        elif delivery.events and await self._attempts(delivery.events[0]) > MOST_ATTEMPTS:
            reason = "its workers did not survive it"
            body = seal_envelope(delivery.encoded)
            await self._burials.bury(body, reason, delivery.count, None, delivery.events[0])
            await delivery.settle()
        else:
            await self._handle_one_by_one(delivery)

    async def _attempts(self, event: Event) -> int:
        """Count that this event is begun, before it is."""
        return await self._hold_until(partial(self._on_suspect, event))

    async def _hold_until(self, work: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Try until it is done, and hold what was delivered: to lose the channel would count."""

        def say(_: int, error: BaseException) -> None:
            log.warning("worker.waiting", queue=self._queue, events=1, **failure(error))

        try:
            return await self._service.try_until_stopped(work, (Exception,), say)
        except Exception as error:
            raise GiveBackError from error


def _merge(deliveries: Sequence[Delivery]) -> list[list[Delivery]]:
    """Group deliveries into batches of at most MAX_EVENTS events, or of one larger delivery."""
    batches: list[list[Delivery]] = []
    size = 0
    for delivery in deliveries:
        if not batches or size + len(delivery.events) > MAX_EVENTS:
            batches.append([])
            size = 0
        batches[-1].append(delivery)
        size += len(delivery.events)
    return batches
