"""One poller for all streams of a process: each stream reads only when there is something."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.agent_desk.read_changes import Place, find_newest
from shared.database.pool import AWAY, Pool
from shared.log import failure, log

POLL_SECONDS = 0.25


class ChangeWatch:
    """Knows the newest place, while there is a stream that wants to know."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._streams = 0
        self._polling: asyncio.Task[None] | None = None
        self._round = asyncio.Event()
        self.newest = Place(0, 0)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Have the poller run inside the block."""
        self._streams += 1
        if not self.running:
            self._polling = asyncio.create_task(self._poll())
        try:
            yield
        finally:
            self._streams -= 1
            if not self._streams and self._polling is not None:
                self._polling.cancel()
                self._polling = None

    @property
    def running(self) -> bool:
        """Tell whether the newest place is known; not, once the database does not answer."""
        return self._polling is not None and not self._polling.done()

    async def next_round(self) -> None:
        """Wait for the poller's next look, or for its end."""
        await self._round.wait()

    async def _poll(self) -> None:
        try:
            while True:
                self.newest = await find_newest(self._pool)
                self._wake()
                await asyncio.sleep(POLL_SECONDS)
        except AWAY as error:
            log.warning("stream.unavailable", **failure(error))
        finally:
            self._wake()

    def _wake(self) -> None:
        self._round.set()
        self._round = asyncio.Event()
