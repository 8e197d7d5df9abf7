"""Have a real ingress take what nobody should send, and hold its answers against the queues."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from time import monotonic

import aio_pika
import psutil
from aio_pika.abc import AbstractIncomingMessage

from shared.broker.topology import STATUS_TRACKER, TICKET_ROUTER
from shared.events import AttachmentReceived, MessageReceived, decode_event, open_envelope
from tests.eventually import eventually
from tests.fuzz.make_case import GOOD, UNSIGNED, Case, make_case
from tests.fuzz.raw_http import RawConnection
from tests.system import Process, System

CONNECTIONS = 24
# By the first look all that a process keeps for good is there.
LOOK_EVERY = 20_000


@dataclass
class Figures:
    """What was sent, answered and published."""

    seed: int
    cases: int
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    expected: int = 0
    """Items that ingress says it accepted."""
    published: int = 0
    unsigned_published: int = 0
    good_sent: set[str] = field(default_factory=set)
    good_arrived: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    """Cases whose answer is not the right one."""
    memory: list[int] = field(default_factory=list)
    """Bytes that ingress holds after each 20,000 cases, and at the end."""
    seconds: float = 0.0

    @property
    def growth(self) -> float:
        """MiB by which ingress grew once it was warm.

        The least of the last five looks: what grows for good is in all of them. A few large cases
        at once leave some megabytes that the allocator gives back later.
        """
        return (min(self.memory[-5:]) - self.memory[0]) / 2**20

    def lines(self) -> list[str]:
        """Say all of it."""
        kinds = [
            f"  {kind}: {count} times {status}"
            for (kind, status), count in sorted(self.answers.items())
        ]
        arrived = len(self.good_sent & self.good_arrived)
        memory = ", ".join(f"{size / 2**20:.1f}" for size in self.memory)
        return [
            f"seed {self.seed}: {self.cases} cases, {self.cases / self.seconds:.0f} a second",
            *kinds,
            f"  items: {self.expected} accepted, {self.published} published",
            f"  items of unsigned bodies: {self.unsigned_published} published",
            f"  good neighbours sent {len(self.good_sent)}, arrived {arrived}",
            f"  memory after each {LOOK_EVERY} cases, and at the end: {memory} MiB",
            *self.wrong[:20],
        ]


async def fuzz_ingress(system: System, seed: int, cases: int) -> Figures:
    """Send so many cases to one ingress; return when its events have been read."""
    ingress = await system.start("ingress")
    figures = Figures(seed, cases)
    random = Random(seed)  # noqa: S311  chosen by a seed on purpose
    numbers = iter(range(cases))
    started = monotonic()

    async def send() -> None:
        async with RawConnection(ingress.port) as connection:
            for number in numbers:
                case = make_case(random, number)
                status, text = await connection.post("/webhook", case.signature, case.body)
                _note(figures, number, case, status, text)
                if (number + 1) % LOOK_EVERY == 0:
                    figures.memory.append(_memory(ingress))

    async with _reading(system.amqp_url, figures):
        await asyncio.gather(*(send() for _ in range(CONNECTIONS)))
        figures.seconds = monotonic() - started
        figures.expected = _accepted(ingress)

        async def all_read() -> None:
            assert figures.published == figures.expected
            assert figures.good_sent <= figures.good_arrived

        try:
            await eventually(all_read, within=20)
        except AssertionError:
            figures.wrong.append("not everything that was accepted was published")
    figures.memory.append(_memory(ingress))
    if not ingress.running or b"request.failed" in ingress.log_file.read_bytes():
        figures.wrong.append("ingress ended, or failed at a request: see its log")
    return figures


def _note(figures: Figures, number: int, case: Case, status: int, text: bytes) -> None:
    figures.answers[case.kind, status] += 1
    right = {200} if case.signed else {400, 401}
    if status not in right or b"Traceback" in text:
        figures.wrong.append(f"case {number} ({case.kind}): {status}, {case.body[:200]!r}")
    if case.good_key is not None:
        figures.good_sent.add(case.good_key)


def _accepted(ingress: Process) -> int:
    return sum(line["items"] for line in ingress.events("webhook.accepted"))


@asynccontextmanager
async def _reading(amqp_url: str, figures: Figures) -> AsyncIterator[None]:
    """Take everything out of the queues meanwhile."""

    async def read(message: AbstractIncomingMessage) -> None:
        for encoded in open_envelope(message.body):
            event = decode_event(encoded)
            assert not isinstance(event, AttachmentReceived)
            figures.published += 1
            figures.unsigned_published += UNSIGNED in event.raw
            if isinstance(event, MessageReceived) and GOOD in event.event_key:
                figures.good_arrived.add(event.event_key)

    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        for queue in (TICKET_ROUTER, STATUS_TRACKER):
            declared = await channel.get_queue(queue, ensure=False)
            await declared.consume(read, no_ack=True)
        yield


def _memory(process: Process) -> int:
    return int(psutil.Process(process.pid).memory_info().rss)
