"""The webhooks on their way to the desk: collected, repeated, shuffled, grouped, tried again."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from itertools import count, cycle
from typing import Self

from aiohttp import ClientError, ClientSession, ClientTimeout

from services.whatsapp_simulator.aggregate_changes import aggregate_changes
from services.whatsapp_simulator.behaviour import Behaviour
from services.whatsapp_simulator.sign_webhook import sign_body, write_body
from services.whatsapp_simulator.webhook_value import Json
from shared.log import log

# Meta begins slower and goes on for up to 7 days; nobody waits for that in a test.
FIRST_RETRY_SECONDS = 0.2
LONGEST_RETRY_SECONDS = 5.0

# Meta does not document its own; third parties name 3 to 20 s.
ANSWER_WITHIN = ClientTimeout(total=20)

OK = 200
NO_ANSWER = 0


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Announcement:
    """A change or a whole body, and what is done once the desk has taken it."""

    content: Json | bytes
    arrived: Callable[[], None] = _nothing


class Webhooks:
    """Delivers, each webhook in a task of its own: Meta delivers concurrently."""

    def __init__(
        self, urls: tuple[str, ...], app_secret: str, behaviour: Behaviour, chance: random.Random
    ) -> None:
        self._urls = cycle(urls)
        self._app_secret = app_secret
        self._behaviour = behaviour
        self._chance = chance
        self._collected: list[Announcement] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self.obey()
        self.delivered = 0
        self.attempts = 0
        self.refused: Counter[int] = Counter()

    async def __aenter__(self) -> Self:
        # The session resolves names and keeps connections; it can only be made in a running loop.
        self._session = ClientSession(timeout=ANSWER_WITHIN, auto_decompress=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._collected.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()

    @property
    def pending(self) -> int:
        """Count what is still to be delivered: webhooks on their way, changes not yet in one."""
        return len(self._collected) + len(self._tasks)

    def obey(self) -> None:
        """Stop or go on, as the behaviour says now."""
        if self._behaviour.webhooks_paused:
            self._flowing.clear()
        else:
            self._flowing.set()

    def announce(
        self,
        content: Json | bytes,
        after_seconds: float = 0.0,
        arrived: Callable[[], None] = _nothing,
    ) -> None:
        """Deliver a change, or a body as it stands, until the desk answers 200."""
        self._announce(Announcement(content, arrived), after_seconds)

    def _announce(self, announcement: Announcement, after_seconds: float) -> None:
        if after_seconds:
            self._run(self._announce_later(announcement, after_seconds))
            return
        behaviour = self._behaviour
        copies = [announcement] * (1 + behaviour.duplicates)
        if not behaviour.shuffle and behaviour.batch == 1:
            self._send(copies)
            return
        if not self._collected:
            asyncio.get_running_loop().call_later(behaviour.collect_seconds, self._send_collected)
        self._collected += copies

    async def _announce_later(self, announcement: Announcement, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._announce(announcement, 0.0)

    def _send_collected(self) -> None:
        collected, self._collected = self._collected, []
        if self._behaviour.shuffle:
            self._chance.shuffle(collected)
        self._send(collected)

    def _send(self, announced: list[Announcement]) -> None:
        """Start one delivery for each body and for each group of changes."""
        changes = [one for one in announced if not isinstance(one.content, bytes)]
        size = self._behaviour.batch
        for start in range(0, len(changes), size):
            group = changes[start : start + size]
            contents = [one.content for one in group if not isinstance(one.content, bytes)]
            body = write_body(aggregate_changes(contents, self._chance))
            self._run(self._deliver(body, group))
        for one in announced:
            if isinstance(one.content, bytes):
                self._run(self._deliver(one.content, [one]))

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, body: bytes, announced: list[Announcement]) -> None:
        delay = FIRST_RETRY_SECONDS
        for attempt in count(1):
            await self._flowing.wait()
            status = await self._post(body)
            self.attempts += 1
            if status == OK:
                self.delivered += 1
                for one in announced:
                    one.arrived()
                log.debug("simulator.webhook_delivered", attempt=attempt)
                return
            self.refused[status] += 1
            log.info("simulator.webhook_refused", attempt=attempt, status=status)
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_RETRY_SECONDS)

    async def _post(self, body: bytes) -> int:
        """Give the status of the desk's answer, 0 when there was none."""
        headers = {
            "Content-Type": "application/json",
            "X-Hub-Signature-256": sign_body(body, self._app_secret),
        }
        try:
            async with self._session.post(next(self._urls), data=body, headers=headers) as answer:
                await answer.read()
                return answer.status
        except (ClientError, TimeoutError):
            return NO_ANSWER
