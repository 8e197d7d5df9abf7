"""`make measure`: what the validator holds in memory while fifty files of 16 MB come at once.

The files are all on their way before the first is whole: the simulator sends them slowly at first.
"""

import asyncio
import contextlib
import tempfile
from pathlib import Path
from time import monotonic

import asyncpg
import psutil

from tests import media_files
from tests.eventually import eventually
from tests.servers import (
    database_of_its_own,
    migrated_template,
    servers_for_tests,
    vhost_of_its_own,
)
from tests.system import System

FILES = 50
BYTES = 16_000_000
MEBIBYTE = 2**20

COUNT_CLAIMED = "SELECT count(*) FROM attachments WHERE lease_until IS NOT NULL"
COUNT_ACCEPTED = "SELECT count(*) FROM attachments WHERE state = 'accepted'"


async def main() -> None:
    """Measure and print."""
    with servers_for_tests() as started, tempfile.TemporaryDirectory() as folder:
        async with (
            migrated_template(started) as servers,
            database_of_its_own(servers) as database_url,
            vhost_of_its_own(servers) as amqp_url,
            System(servers, database_url, amqp_url, Path(folder)) as system,
        ):
            await system.start_all()
            await measure(system)


async def measure(system: System) -> None:
    """Send the files, let all of them begin, then let them come as fast as they go."""
    database = await asyncpg.connect(system.database_url)
    validator = psutil.Process(system.of("media_validator")[0].pid)
    before = memory_of(validator)
    content = media_files.small_pdf(0, BYTES)
    await system.behave(media_bytes_per_second=20_000)
    for number in range(FILES):
        await system.send_file(f"3460000{number:04}", content, f"{number}.pdf")

    async def all_are_under_way() -> None:
        assert await database.fetchval(COUNT_CLAIMED) == FILES

    await eventually(all_are_under_way, within=60)
    peak = [before]
    watching = asyncio.create_task(watch(validator, peak))
    started = monotonic()
    await system.behave(media_bytes_per_second=0)

    async def all_are_accepted() -> None:
        assert await database.fetchval(COUNT_ACCEPTED) == FILES

    await eventually(all_are_accepted, within=300, every=0.2)
    took = monotonic() - started
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
    await database.close()
    megabytes = FILES * len(content) / 1e6
    print(
        f"media_validator, {FILES} files of {len(content) / 1e6:.0f} MB at once: "
        f"{peak[0] / MEBIBYTE:.0f} MiB at the most with its provers "
        f"({before / MEBIBYTE:.0f} before), "
        f"{megabytes / took:.0f} MB/s (1 process)"
    )


def memory_of(worker: psutil.Process) -> int:
    """Give the bytes that a worker and its provers hold, what they share counted once."""
    held = 0
    for process in [worker, *worker.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            held += process.memory_full_info().pss
    return held


async def watch(process: psutil.Process, peak: list[int]) -> None:
    while True:
        peak[0] = max(peak[0], memory_of(process))
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(main())
