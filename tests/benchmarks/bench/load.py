"""Load in a process of its own: `python -m tests.benchmarks.bench.load JSON`.

It writes whole requests that were made before it began, and looks at no more of an answer than its
status and its length, so that it takes as little as possible of the cores that it shares with what
is measured. The JSON is a `Load`. Prints `ready` as it begins, and then a `Done` as JSON.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from time import monotonic, process_time, time
from typing import cast

import msgspec
import uvloop

from tests.benchmarks.bench.workload import request

MOST_PER_SECOND = 16_000
ANSWER_SECONDS = 20


class Load(msgspec.Struct, forbid_unknown_fields=True):
    """What to do."""

    port: int
    seconds: float
    connections: int = 64
    first: int = 0
    """Number of the first message."""
    rate: float = 0.0
    """Requests a second; 0 is as fast as the connections go, each with one under way."""
    live: bool = False
    """Stamp the messages with the time at which they leave."""


class Done(msgspec.Struct):
    """What was done."""

    sent: int
    accepted: int
    seconds: float
    cpu_seconds: float
    """Of a core, used by the generator meanwhile."""
    latencies_ms: list[float]
    """Of each accepted request, from when it was due (with a rate) or left."""


class _Client(asyncio.Protocol):
    """One connection that is kept alive, with one request under way."""

    def __init__(self, on_answer: Callable[["_Client", bool], None]) -> None:
        self._on_answer = on_answer
        self._received = b""
        self.since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)

    def ask(self, whole: bytes, since: float) -> None:
        self.since = since
        self._transport.write(whole)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(body) >= length:
            self._received = b""
            self._on_answer(self, head.startswith(b"HTTP/1.1 200"))

    def connection_lost(self, _: Exception | None) -> None:
        # Written to once more it answers no more, which the count of accepted ones shows.
        self._on_answer(self, False)

    def close(self) -> None:
        self._transport.close()


class _Run:
    def __init__(self, load: Load) -> None:
        self.load = load
        count = int(load.seconds * (load.rate or MOST_PER_SECOND))
        numbers = range(load.first, load.first + count)
        now = time()
        self.requests = [
            request(number, at=now + place / load.rate if load.live else None)
            for place, number in enumerate(numbers)
        ]
        self.done = Done(0, 0, 0.0, 0.0, [])
        self.idle: asyncio.Queue[_Client] = asyncio.Queue()
        self.over = asyncio.Event()

    async def run(self) -> Done:
        loop = asyncio.get_running_loop()
        clients = []
        for _ in range(self.load.connections):
            _, client = await loop.create_connection(
                lambda: _Client(self._answered), "127.0.0.1", self.load.port
            )
            clients.append(client)
        print("ready", flush=True)
        used = process_time()
        self.began = monotonic()
        self.end = self.began + self.load.seconds
        if self.load.rate:
            for client in clients:
                self.idle.put_nowait(client)
            await self._pace()
        else:
            for client in clients:
                self._next(client)
            async with asyncio.timeout(self.load.seconds + ANSWER_SECONDS):
                await self.over.wait()
        self.done.seconds = monotonic() - self.began
        self.done.cpu_seconds = process_time() - used
        self.over.set()
        for client in clients:
            client.close()
        return self.done

    def _next(self, client: _Client) -> None:
        if self.done.sent >= len(self.requests) or monotonic() >= self.end:
            self.over.set()
            return
        client.ask(self.requests[self.done.sent], monotonic())
        self.done.sent += 1

    def _answered(self, client: _Client, accepted: bool) -> None:
        if self.over.is_set():
            return
        now = monotonic()
        if accepted:
            self.done.accepted += 1
            self.done.latencies_ms.append(round(1000 * (now - client.since), 3))
        if self.load.rate:
            self.idle.put_nowait(client)
        else:
            self._next(client)

    async def _pace(self) -> None:
        """Send each request when it is due; one that finds no free connection is late by itself."""
        for place, whole in enumerate(self.requests):
            due = self.began + place / self.load.rate
            if (wait := due - monotonic()) > 0:
                await asyncio.sleep(wait)
            (await self.idle.get()).ask(whole, due)
            self.done.sent += 1
        async with asyncio.timeout(ANSWER_SECONDS):
            for _ in range(self.load.connections):
                await self.idle.get()


if __name__ == "__main__":
    told = msgspec.json.decode(sys.argv[1], type=Load)
    # A parent on uvloop may hand over a pipe that does not wait: a long answer was cut off.
    os.set_blocking(sys.stdout.fileno(), True)
    print(json.dumps(msgspec.to_builtins(uvloop.run(_Run(told).run()))))
