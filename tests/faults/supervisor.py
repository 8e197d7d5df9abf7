"""Starts a service's process again as soon as it has died, as a container host does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.system import Process, System

LOOK_SECONDS = 0.05


@dataclass
class Supervisor:
    """Keeps so many processes of a service alive; `restarts` counts those it replaced."""

    system: System
    service: str
    sabotage: str | None
    processes: list[Process] = field(default_factory=list)
    restarts: int = 0

    async def watch(self) -> None:
        """Replace whatever has ended."""
        while True:
            for place, process in enumerate(self.processes):
                if not process.running:
                    self.restarts += 1
                    self.processes[place] = await self._start(wait=False)
            await asyncio.sleep(LOOK_SECONDS)

    async def start(self, count: int) -> None:
        """Start that many, and wait until they are ready."""
        starting = (self._start(wait=True) for _ in range(count))
        self.processes += await asyncio.gather(*starting)

    async def _start(self, *, wait: bool) -> Process:
        return await self.system.start(self.service, sabotage=self.sabotage, wait=wait)


@asynccontextmanager
async def supervised(
    system: System, service: str, count: int, sabotage: str | None = None
) -> AsyncIterator[Supervisor]:
    """Run so many processes and restart those that die, until the block is left."""
    supervisor = Supervisor(system, service, sabotage)
    await supervisor.start(count)
    watching = asyncio.create_task(supervisor.watch())
    try:
        yield supervisor
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
