"""The sender's loop: take what is due, send it, write down what became of it."""

import asyncio
from collections.abc import Sequence
from time import monotonic

import asyncpg

from services.sender.claim_probe import claim_probe, give_probe_back, try_now
from services.sender.record_outcomes import Sent, record_outcomes
from services.sender.reserve_slots import reserve_slots
from services.sender.send_file import FILE_KINDS, send_file
from services.sender.settings import Settings
from services.sender.take_messages import LEASE, Taken, take_messages
from shared.database.pool import AWAY, Pool
from shared.log import failure, log
from shared.service import Service
from shared.tickets.read_channel import Channel, name_stop, read_channel
from shared.whatsapp.error_codes import NO_ADDRESS
from shared.whatsapp.send_message import (
    GraphApi,
    Outcome,
    Refused,
    Template,
    Undeliverable,
)

# Requests to WhatsApp at once; at 50 ms an answer that is 1,000 messages a second.
IN_FLIGHT = 50
POLL_SECONDS = 1.0
# How long answers are collected that nobody waits for: those recorded together cost little more
# than one.
COLLECT_SECONDS = 0.02
# What has not left by then is left to its lease: a send must end before that does.
_GIVE_UP_SECONDS = LEASE.total_seconds() / 2


class SendOutbox:
    """Works on the outbox beside any number of other senders."""

    def __init__(self, pool: Pool, graph: GraphApi, settings: Settings, service: Service) -> None:
        self._pool = pool
        self._graph = graph
        self._settings = settings
        self._service = service
        self._sending: set[asyncio.Task[None]] = set()
        self._sent: list[Sent] = []
        self._answered = asyncio.Event()
        self._all_sent = False
        self._is_new = True
        self._was_full = False
        self.wake = asyncio.Event()
        """Set when something may be due, or there is room again for what waits."""

    async def run(self) -> None:
        """Send until the process is asked to stop; what is under way is sent and recorded."""
        self._service.health.not_ready("database", "not asked yet")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._record_answers())
            while not self._service.stopping.is_set():
                self.wake.clear()
                try:
                    more_is_due = await self._take()
                except AWAY as error:
                    self._say_away(error)
                    more_is_due = False
                if not more_is_due:
                    await self._rest()
            if self._sending:
                await asyncio.wait(self._sending)
            self._all_sent = True
            self._answered.set()

    async def _record_answers(self) -> None:
        """Record beside the taking, whose pace must not depend on who holds a contact's lock.

        A status often arrives together with the answer, and its tracker has the contact by then.
        """
        last = False
        while not last:
            await self._answered.wait()
            if not self._was_full:
                await self._service.stopped_within(COLLECT_SECONDS)
            self._answered.clear()
            last = self._all_sent
            if await self._record() or self._was_full:
                self.wake.set()

    async def _rest(self) -> None:
        """Wait for a hint, or for room; poll for due times and lost hints."""
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self.wake.wait()
        except TimeoutError:
            pass

    async def _take(self) -> bool:
        """Take what may be sent now, and begin with it; tell whether there may be more of it."""
        channel = await read_channel(self._pool)
        self._service.health.ready("database")
        self._say_stopped(channel)
        if self._is_new:
            self._is_new = False
            await try_now(self._pool)
        if channel.is_paused:
            return False
        per_second = self._settings.messages_per_second * channel.share
        # No more than a second's worth: what waits for its slot uses up its lease.
        most = max(1, min(IN_FLIGHT, int(per_second)))
        room = most - len(self._sending) - len(self._sent)
        self._was_full = room <= 0
        if self._was_full:
            return False
        give_up_at = monotonic() + _GIVE_UP_SECONDS
        limit = room if channel.stopped_at is None else 1
        if channel.stopped_at is None:
            taken = await self._take_up_to(limit)
        elif (claim := await claim_probe(self._pool)) is not None:
            taken = await self._take_up_to(limit, is_probe=True)
            if not any(_tries_something(one) for one in taken):
                await give_probe_back(self._pool, claim)
        else:
            return False
        if taken:
            await self._begin(taken, per_second, give_up_at)
        return len(taken) == limit

    async def _take_up_to(self, limit: int, *, is_probe: bool = False) -> list[Taken]:
        settings = self._settings
        return await take_messages(
            self._pool,
            limit,
            settings.grace,
            settings.templates,
            is_probe=is_probe,
            keeps_pair_limit=settings.keeps_pair_limit,
        )

    async def _begin(self, taken: Sequence[Taken], per_second: float, give_up_at: float) -> None:
        """Send each in a slot of its own, at the pace of all senders together."""
        first = monotonic() + await self._reserve(len(taken), per_second)
        for place, message in enumerate(taken):
            task = asyncio.create_task(self._send(message, first + place / per_second, give_up_at))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _reserve(self, count: int, per_second: float) -> float:
        try:
            return await reserve_slots(self._pool, count, per_second)
        except AWAY as error:
            # They are taken, and must be sent; the pace is kept as well as one sender alone can.
            self._say_away(error)
            return 1.0

    async def _send(self, message: Taken, slot: float, give_up_at: float) -> None:
        if message.form != "undeliverable":
            await asyncio.sleep(max(0.0, slot - monotonic()))
        started = monotonic()
        if started > give_up_at:
            # This process was frozen, or had to wait too long: others may send it already.
            log.warning("send.given_up", message_id=message.message_id, attempt=message.attempt)
            return
        outcome = await self._send_as(message)
        self._sent.append(Sent(message, outcome, round((monotonic() - started) * 1000, 1)))
        self._answered.set()

    async def _send_as(self, message: Taken) -> Outcome:
        if not message.recipient.is_known:
            return Refused(NO_ADDRESS, 0, None)
        if message.form == "undeliverable":
            return Undeliverable()
        if message.form == "text" and message.kind in FILE_KINDS:
            return await send_file(self._pool, self._graph, message)
        if message.form == "text":
            return await self._graph.send_text(message.recipient, message.text, message.message_id)
        name, language = self._settings.templates[str(message.purpose)]
        template = Template(name, language, message.parameters)
        return await self._graph.send_template(message.recipient, template, message.message_id)

    async def _record(self) -> bool:
        """Write all answers that are there; where the database is away they are kept for later.

        Tells whether anything of the same contacts waits behind them.
        One that PostgreSQL refuses for what it holds is dropped alone, and its lease settles it.
        """
        alone = waits = False
        while self._sent:
            batch = self._sent[:1] if alone else list(self._sent)
            try:
                waits |= await record_outcomes(self._pool, batch)
            except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
                if alone:
                    self._drop(batch[0], error)
                alone = True
            except AWAY as error:
                self._say_away(error)
                if await self._service.stopped_within(POLL_SECONDS):
                    return waits
            else:
                del self._sent[: len(batch)]
        return waits

    def _drop(self, sent: Sent, error: Exception) -> None:
        self._sent.remove(sent)
        message_id = sent.taken.message_id
        log.error("send.not_recorded", message_id=message_id, **failure(error))

    def _say_stopped(self, channel: Channel) -> None:
        if channel.stopped_at is None:
            self._service.health.ready("channel")
        else:
            self._service.health.not_ready("channel", f"stopped: {name_stop(channel)}")

    def _say_away(self, error: BaseException) -> None:
        self._service.health.not_ready("database", "the database does not answer")
        log.warning("sender.waiting", **failure(error))


def _tries_something(message: Taken) -> bool:
    return message.recipient.is_known and message.form != "undeliverable"
