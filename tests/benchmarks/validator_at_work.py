"""A media validator alone with a fast source of files: what a measurement of it needs."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import psutil
from uuid_utils.compat import uuid7

from shared.broker.publish import Publisher
from shared.broker.publish_attachments import publish_attachments
from shared.database.pool import Pool, create_pool
from shared.events import AttachmentReceived
from shared.service import Service
from tests.eventually import eventually
from tests.routing import route
from tests.servers import ROOT
from tests.system import Process, System, free_port
from tests.webhooks import text_message

# Nothing else hints at them: the first hints find them all.
ADD_FILES = """
INSERT INTO attachments (message_id, media_id, next_attempt_at)
SELECT 1, number || '-' || $2, now() + interval '1 hour'
FROM generate_series(0, $1::integer - 1) AS number
RETURNING id
"""
COUNT_LEFT = "SELECT count(*) FROM attachments WHERE state = 'pending'"
COUNT_STATES = "SELECT state, count(*) FROM attachments GROUP BY state"


@dataclass
class Peak:
    """The most memory that was held, in bytes."""

    worker: int = 0
    """Resident, of the worker alone."""
    with_provers: int = 0
    """Of the worker and its provers, what they share counted once."""


@dataclass
class AtWork:
    """One validator, its source, and a way to give it work."""

    system: System
    database: Pool
    publisher: Publisher
    validator: Process
    source_url: str
    files: Path
    stall_file: Path

    @property
    def url(self) -> str:
        """Where the address of a file is asked for; the number of the request is left open."""
        return f"{self.source_url}/v25.0/{{number}}-"

    async def validate(self, count: int, name: str) -> float:
        """Have a file validated so many times; give the seconds from the first hint to the end."""
        rows = await self.database.fetch(ADD_FILES, count, name)
        hints = [AttachmentReceived(uuid7(), row["id"]) for row in rows]
        started = monotonic()
        hinting = asyncio.create_task(publish_attachments(self.publisher, hints))

        async def none_is_left() -> None:
            assert await self.database.fetchval(COUNT_LEFT) == 0

        await eventually(none_is_left, within=900, every=0.02)
        took = monotonic() - started
        await hinting
        return took

    async def clear(self) -> dict[str, int]:
        """Forget all files, with their bytes; give how many there were of each state."""
        states = await self.database.fetch(COUNT_STATES)
        await self.database.execute("DELETE FROM attachments")
        for path in self.system.media_folder.glob("*"):
            path.unlink()
        return {row["state"]: row["count"] for row in states}

    async def download(self, count: int, name: str, how: str) -> float:
        """Have them downloaded plainly, all at once; give the seconds. `how`: sync or cached."""
        folder = self.system.folder / "plain"
        folder.mkdir(exist_ok=True)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.benchmarks.plain_download",
            self.url + name, str(count), str(folder), how,
            cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        told, _ = await process.communicate()
        for path in folder.glob("*"):
            path.unlink()
        return float(told)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[Peak]:
        """Look at the memory all the while."""
        peak = Peak()
        watching = asyncio.create_task(_watch(psutil.Process(self.validator.pid), peak))
        try:
            yield peak
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    def longest_stall(self) -> float:
        """Give how long the validator's event loop stood still at most, in ms, and begin anew."""
        return float(self.stall_file.read_text(encoding="ascii"))


async def _watch(worker: psutil.Process, peak: Peak) -> None:
    while True:
        held = worker.memory_info().rss
        peak.worker = max(peak.worker, held)
        peak.with_provers = max(peak.with_provers, memory_of(worker))
        await asyncio.sleep(0.05)


def memory_of(worker: psutil.Process) -> int:
    """Give the bytes that a worker and its provers hold, what they share counted once."""
    held = 0
    for process in [worker, *worker.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            held += process.memory_full_info().pss
    return held


@asynccontextmanager
async def at_work(system: System, files: Path) -> AsyncIterator[AtWork]:
    """Start a source of the files in a folder and a validator that asks nobody else."""
    port = free_port()
    source = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.media_source", str(files), str(port), cwd=ROOT
    )
    url = f"http://127.0.0.1:{port}"
    stall_file = system.folder / "stall"
    await route(system.database_url, text_message("34600111222", "Aquí están mis ficheros"))
    database = await create_pool(system.database_url, "tests")
    service = Service()
    publisher = Publisher(system.amqp_url, service)
    publishing = asyncio.create_task(publisher.run())
    try:
        validator = await system.start(
            "media_validator",
            module=("tests.benchmarks.watched_validator", str(stall_file)),
            environment={"WHATSAPP_GRAPH_URL": f"{url}/v25.0", "TMPDIR": str(system.folder)},
        )
        yield AtWork(system, database, publisher, validator, url, files, stall_file)
    finally:
        publisher.close()
        await publishing
        await database.close()
        source.terminate()
        await source.wait()
