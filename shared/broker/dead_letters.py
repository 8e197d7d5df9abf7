"""The dead letters of a queue, for an operator: looked at, put back, or thrown away.

They are consumed, not fetched one by one (`basic.get`), and whoever only looks holds all of them:
then they go back in their old order when the channel closes or the process is killed. RabbitMQ 3.10
gave back in any order what was fetched, and put a part behind the rest.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime

import msgspec
from aio_pika.abc import (
    AbstractChannel,
    AbstractConnection,
    AbstractIncomingMessage,
    AbstractQueue,
)

from shared.broker.connect import LOST
from shared.broker.topology import dead_queue
from shared.errors import OutsideAwayError
from shared.events import Event, decode_event, open_envelope

# As much as AMQP lets a consumer hold; of more than that, a look turns the order.
MOST_HELD = 65_535
# Another command may hold some of those that were counted.
SILENCE_SECONDS = 3.0

# The line of a traceback that names the error stands right below the indented lines.
_ERROR_LINE = re.compile(r"\n[ \t][^\n]*\n([A-Za-z_][\w.]*)(?=:|\n|$)")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter and what its headers say of it."""

    message: AbstractIncomingMessage
    events: list[Event]
    unreadable: int
    """How many of its events cannot be read, or 1 where the whole is no envelope."""

    @property
    def body(self) -> bytes:
        """Give the envelope, ready to be put into its queue again."""
        return self.message.body

    @property
    def item_ids(self) -> list[str]:
        """Give the items that it holds; nearly always one."""
        return [str(event.item_id) for event in self.events]

    @property
    def reason(self) -> str:
        """Say why it was buried; RabbitMQ's own word where no worker did it."""
        return self._header("x-reason") or self._header("x-first-death-reason") or "not told"

    @property
    def origin(self) -> str:
        """Name the queue that it comes from."""
        return self._header("x-origin") or self._header("x-first-death-queue") or "not told"

    @property
    def buried_at(self) -> str:
        """Say when; letters of earlier versions do not tell."""
        if (at := self._header("x-buried-at")) is not None:
            return at
        deaths = self.message.headers.get("x-death")
        for death in deaths if isinstance(deaths, list) else ():
            if isinstance(death, dict) and isinstance(when := death.get("time"), datetime):
                return when.isoformat(timespec="seconds")
        return "not told"

    @property
    def delivered(self) -> str:
        """Say how often workers got it."""
        return self._header("x-delivered") or "not told"

    @property
    def error(self) -> str:
        """Name the kind of the error, without its text, which may quote what a citizen wrote."""
        if (name := self._header("x-error")) is not None:
            return name
        named = _ERROR_LINE.findall(self._header("x-traceback") or "")
        return named[-1].rpartition(".")[2] if named else ""

    def _header(self, name: str) -> str | None:
        value = self.message.headers.get(name)
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        return str(value) if isinstance(value, str | int) else None


class DeadLetters:
    """Those that waited when the command began, oldest first."""

    def __init__(self, channel: AbstractChannel, queue: AbstractQueue, waiting: int) -> None:
        self._channel = channel
        self._queue = queue
        self.waiting = waiting
        """How many there were; who gives some back to their workers may find them here again."""
        self._arrived: asyncio.Queue[AbstractIncomingMessage | None] = asyncio.Queue()

    async def read(self, *, held: int = MOST_HELD) -> AsyncIterator[DeadLetter]:
        """Give each once, holding at most so many that are not settled.

        What is not settled goes back when the channel closes.
        """
        left = self.waiting
        if not left:
            return
        self._channel.close_callbacks.add(lambda *_: self._arrived.put_nowait(None))
        with _lost_is_away():
            await self._channel.set_qos(prefetch_count=min(held, MOST_HELD))
            await self._queue.consume(self._arrived.put)
        while left:
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    message = await self._arrived.get()
            except TimeoutError:
                return
            if message is None:
                raise OutsideAwayError(
                    "the connection to RabbitMQ was lost; what is unsaid is kept"
                )
            left -= 1
            yield _open(message)

    async def settle(self, letter: DeadLetter) -> None:
        """Take it out: it is in its queue again, or given up in the ledger."""
        with _lost_is_away():
            await letter.message.ack()


@asynccontextmanager
async def dead_letters_of(connection: AbstractConnection, queue: str) -> AsyncIterator[DeadLetters]:
    """Give a queue's dead letters; all that are not settled go back to their places at the end."""
    with _lost_is_away():
        channel = await connection.channel(publisher_confirms=False)
        declared = await channel.declare_queue(dead_queue(queue), passive=True)
    yield DeadLetters(channel, declared, declared.declaration_result.message_count or 0)
    with _lost_is_away():
        # Waits for RabbitMQ's answer, before which everything acknowledged is there.
        await channel.close()


@contextmanager
def _lost_is_away() -> Iterator[None]:
    try:
        yield
    except LOST as error:
        raise OutsideAwayError(f"RabbitMQ does not answer ({type(error).__name__})") from error


def _open(message: AbstractIncomingMessage) -> DeadLetter:
    events, unreadable = [], 0
    try:
        encoded = open_envelope(message.body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return DeadLetter(message, [], 1)
    for one in encoded:
        try:
            events.append(decode_event(one))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            unreadable += 1
    return DeadLetter(message, events, unreadable)
