"""A consumer of the real broker inside the test, whose handler the test decides about."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from shared.broker import bury, consume, publish, session, settle, topology
from shared.broker.consume import Consumer
from shared.broker.publish import Publisher
from shared.broker.topology import TICKET_ROUTER
from shared.database.failures import judge_failure
from shared.events import Event, MessageReceived
from shared.service import Service
from tests.eventually import eventually
from tests.faults.envelopes import channel_to

Fault = Callable[[list[str]], None]
"""Raises what handling these texts shall raise."""


@dataclass
class Lines:
    """Stands in for the log: keeps what was said."""

    said: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __getattr__(self, level: str) -> Callable[..., None]:
        return lambda event, **fields: self.said.append((event, fields))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [fields for name, fields in self.said if name == event]


@dataclass
class Worker:
    """Handles events by writing down their texts, unless a fault stops it."""

    amqp_url: str
    service: Service = field(default_factory=Service)
    batches: list[list[str]] = field(default_factory=list)
    dead: list[tuple[str, str]] = field(default_factory=list)
    attempts: Counter[str] = field(default_factory=Counter)
    """How often a suspect was begun; outlives the worker, as the database does."""
    fault: Fault | None = None
    burials_to_refuse: list[Exception] = field(default_factory=list)
    """What writing burials down raises, one after the other."""
    outside_is_away: bool = False
    handling: asyncio.Event = field(default_factory=asyncio.Event)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_go_on.set()
        self.publisher = Publisher(self.amqp_url, self.service)
        self.consumer = Consumer(
            self.amqp_url,
            TICKET_ROUTER,
            self._handle,
            judge=judge_failure,
            outside_answers=self._outside_answers,
            on_suspect=self._on_suspect,
            on_dead=self._on_dead,
            publisher=self.publisher,
            service=self.service,
        )

    @property
    def handled(self) -> list[str]:
        return sorted(text for batch in self.batches for text in batch)

    async def run(self) -> None:
        publishing = asyncio.create_task(self.publisher.run())
        await self.consumer.run()
        self.publisher.close()
        await publishing

    async def _handle(self, events: Sequence[Event]) -> None:
        texts = [text_of(event) for event in events]
        self.handling.set()
        await self.may_go_on.wait()
        if self.fault is not None:
            self.fault(texts)
        self.batches.append(texts)

    async def _outside_answers(self) -> None:
        if self.outside_is_away:
            raise ConnectionError("the database is away")

    async def _on_suspect(self, event: Event) -> int:
        self.attempts[text_of(event)] += 1
        return self.attempts[text_of(event)]

    async def _on_dead(self, event: Event, reason: str) -> None:
        if self.burials_to_refuse:
            raise self.burials_to_refuse.pop()
        self.dead.append((text_of(event), reason))


def text_of(event: Event) -> str:
    assert isinstance(event, MessageReceived)
    return str(msgspec.json.decode(event.raw)["message"]["text"]["body"])


async def everything_delivered(worker: Worker) -> None:
    """Wait until nothing waits in the queue: the worker holds all of it."""

    async def none_waits() -> None:
        async with channel_to(worker.amqp_url) as channel:
            queue = await channel.declare_queue(TICKET_ROUTER, passive=True)
            assert queue.declaration_result.message_count == 0

    await eventually(none_waits)


@asynccontextmanager
async def working(worker: Worker) -> AsyncIterator[Worker]:
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.may_go_on.set()
        worker.service.stopping.set()
        await asyncio.wait_for(running, 20)


@pytest.fixture
def worker(amqp_url: str) -> Worker:
    """A worker that does not run yet."""
    return Worker(amqp_url)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    lines = Lines()
    for module in (bury, consume, publish, session, settle, topology):
        monkeypatch.setattr(module, "log", lines)
    return lines


@pytest.fixture
def three_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lose the first three connections of each kind before a channel is open on them."""
    for module in (consume, publish):
        monkeypatch.setattr(module, "connection_for", _losing(module.connection_for, 3))


def _losing(connect: Callable[..., Any], times: int) -> Callable[..., Any]:
    losses = [True] * times

    @asynccontextmanager
    async def connection_lost_at_once(*arguments: Any) -> AsyncIterator[Any]:
        async with connect(*arguments) as connection:
            if connection is not None and losses:
                losses.pop()
                await connection.close()
            yield connection

    return connection_lost_at_once


@asynccontextmanager
async def publishing(publisher: Publisher) -> AsyncIterator[None]:
    """Run a publisher, from when it is connected to the end of the block."""
    running = asyncio.create_task(publisher.run())
    try:
        yield
    finally:
        publisher.close()
        await asyncio.wait_for(running, 20)
