"""A client of the event stream, as small as one can be."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp

from tests.system import ADMIN_TOKEN, System


class Event(NamedTuple):
    """What a client learns: `name` is empty where only an id was told."""

    name: str
    data: Any
    id: str


@dataclass
class Stream:
    """Reads one answer, event by event."""

    answer: aiohttp.ClientResponse

    async def next(self) -> Event:
        """Give the next event; raise EOFError at the end."""
        fields = {"event": "", "data": "null", "id": ""}
        while True:
            async with asyncio.timeout(20):
                line = (await self.answer.content.readline()).decode()
            if not line:
                raise EOFError
            name, _, value = line.rstrip("\r\n").partition(": ")
            if name:
                fields[name] = value
            elif fields["id"]:
                return Event(fields["event"], json.loads(fields["data"]), fields["id"])

    async def take(self, count: int) -> list[Event]:
        """Give so many events that have a name."""
        return [await self._next_named() for _ in range(count)]

    async def rest(self) -> list[Event]:
        """Give what comes until the server ends the stream."""
        events = []
        while True:
            try:
                events.append(await self.next())
            except (EOFError, aiohttp.ClientError):
                return events

    async def _next_named(self) -> Event:
        while not (event := await self.next()).name:
            pass
        return event


@asynccontextmanager
async def follow(
    system: System, last_event_id: str | None = None, *, in_query: bool = False
) -> AsyncIterator[Stream]:
    """Open the stream; it is at its place when this gives it."""
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    query = {}
    if last_event_id is not None and in_query:
        query["last_event_id"] = last_event_id
    elif last_event_id is not None:
        headers["Last-Event-ID"] = last_event_id
    async with system.http.get(f"{system.desk_url}/events", headers=headers, params=query) as one:
        assert one.status == 200, await one.text()
        assert one.headers["Content-Type"] == "text/event-stream"
        yield Stream(one)


@asynccontextmanager
async def take_nothing(system: System, last_event_id: str) -> AsyncIterator[None]:
    """Open the stream and read nothing of it, with buffers that are soon full."""
    url = urlsplit(system.desk_url)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, (url.hostname, url.port))
        request = (
            f"GET {url.path}/events HTTP/1.1\r\nHost: {url.netloc}\r\n"
            f"Authorization: Bearer {ADMIN_TOKEN}\r\nLast-Event-ID: {last_event_id}\r\n\r\n"
        )
        await asyncio.get_running_loop().sock_sendall(client, request.encode())
        yield
