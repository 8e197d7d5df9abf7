"""What stands between Meta and the ingress processes: hands on, and remembers every answer."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from time import time
from typing import Any, NamedTuple

import aiohttp
from aiohttp import web

NO_ANSWER = 502


class Item(NamedTuple):
    """One thing that a webhook tells: a message, or a status of one of ours."""

    wamid: str
    status: str | None


@dataclass
class Gate:
    """Forwards each POST to one ingress after the other, once."""

    urls: tuple[str, ...]
    accepted: Counter[Item] = field(default_factory=Counter)
    """How many copies of an item were answered 200."""
    first_accepted: dict[Item, float] = field(default_factory=dict)
    """When an item was first answered 200, in Unix seconds."""
    posted: Counter[Item] = field(default_factory=Counter)
    """How many copies were sent, whatever came back."""
    answers: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._next = cycle(self.urls)

    async def hand_on(self, request: web.Request) -> web.Response:
        """Give ingress's answer, or a 502 where none came."""
        body = await request.read()
        items = list(items_in(body))
        self.posted.update(items)
        status, answer = await self._post(body, request.headers)
        if status == web.HTTPOk.status_code:
            self.accepted.update(items)
            for item in items:
                self.first_accepted.setdefault(item, time())
        self.answers[status] += 1
        return web.Response(status=status, body=answer)

    async def _post(self, body: bytes, headers: Any) -> tuple[int, bytes]:
        passed = {
            name: headers[name]
            for name in ("Content-Type", "X-Hub-Signature-256")
            if name in headers
        }
        try:
            async with self._session.post(next(self._next), data=body, headers=passed) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return NO_ANSWER, b""

    @asynccontextmanager
    async def open(self, port: int) -> AsyncIterator[None]:
        """Take webhooks at `/webhook` until the block is left."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.add_routes([web.post("/webhook", self.hand_on)])
        runner = web.AppRunner(app, access_log=None)
        timeout = aiohttp.ClientTimeout(total=15)
        # A connection of its own for each: one that its ingress has closed is no lost webhook.
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as self._session:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port).start()
            try:
                yield
            finally:
                await runner.cleanup()


def items_in(body: bytes) -> Iterator[Item]:
    """Give what is in a webhook, read without any code of the system that is tested."""
    for entry in json.loads(body)["entry"]:
        for change in entry["changes"]:
            for message in change["value"].get("messages", ()):
                yield Item(message["id"], None)
            for status in change["value"].get("statuses", ()):
                yield Item(status["id"], status["status"])
