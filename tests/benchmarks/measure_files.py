"""`make measure`: what one media validator drives and holds, beside plain downloading.

The source sends the same bytes to both, in turns: the machine differs from minute to minute.
"""

import asyncio
import statistics
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from tests import media_files
from tests.benchmarks.validator_at_work import AtWork, at_work
from tests.servers import (
    database_of_its_own,
    migrated_template,
    servers_for_tests,
    vhost_of_its_own,
)
from tests.system import System

FILES = 50
BYTES = 64_000_000
TURNS = 3
SMALL_FILES = 2_000
MEBIBYTE = 2**20
# Elements without end: expat reads them for some ten seconds.
HEAVY_ELEMENTS = 4_900_000
HEAVY_FILES = 4


async def main() -> None:
    """Measure and print."""
    async with validator() as work:
        print(f"load when it began: {psutil.getloadavg()[0]:.1f}")
        await measure_memory(work)
        await measure_large(work)
        await measure_small(work)
        await measure_heavy(work)


@asynccontextmanager
async def validator() -> AsyncIterator[AtWork]:
    """Start servers, a source with files, and a validator."""
    with servers_for_tests() as started, tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        write_files(files)
        async with (
            migrated_template(started) as servers,
            database_of_its_own(servers) as database_url,
            vhost_of_its_own(servers) as amqp_url,
            System(servers, database_url, amqp_url, Path(folder)) as system,
            at_work(system, files) as work,
        ):
            yield work


def write_files(folder: Path) -> None:
    folder.mkdir()
    (folder / "large.pdf").write_bytes(media_files.small_pdf(0, BYTES))
    (folder / "small.jpg").write_bytes(media_files.small_jpg(0, 40_000))
    (folder / "heavy.xml").write_bytes(b"<a>" + b"<b/>" * HEAVY_ELEMENTS + b"</a>")


async def measure_memory(work: AtWork) -> None:
    """Fifty large files at once; the first small one makes the store's folder."""
    await work.validate(1, "small.jpg")
    await work.clear()
    async with work.watched() as peak:
        await work.validate(FILES, "large.pdf")
    assert await work.clear() == {"accepted": FILES}
    print(
        f"{FILES} files of {BYTES / 1e6:.0f} MB at once: {peak.worker / MEBIBYTE:.0f} MiB resident "
        f"in the validator, {peak.with_provers / MEBIBYTE:.0f} MiB with its provers"
    )


async def measure_large(work: AtWork) -> None:
    """The share of plain downloading's throughput, in alternating turns."""
    speeds: list[float] = []
    shares: dict[str, list[float]] = {"sync": [], "cached": []}
    for _ in range(TURNS):
        plain = {how: await work.download(FILES, "large.pdf", how) for how in shares}
        took = await work.validate(FILES, "large.pdf")
        assert await work.clear() == {"accepted": FILES}
        speeds.append(FILES * BYTES / 1e6 / took)
        for how, seconds in plain.items():
            shares[how].append(seconds / took)
    print(
        f"large files: {statistics.median(speeds):.0f} MB/s; as a share of plain downloading to "
        f"the disk {in_words(shares['sync'])}, to the system's cache {in_words(shares['cached'])}"
    )


def in_words(shares: list[float]) -> str:
    each = ", ".join(f"{one:.2f}" for one in sorted(shares))
    return f"{statistics.median(shares):.2f} ({each})"


async def measure_small(work: AtWork) -> None:
    """Decisions per second."""
    seconds = []
    for _ in range(TURNS):
        seconds.append(await work.validate(SMALL_FILES, "small.jpg"))
        assert await work.clear() == {"accepted": SMALL_FILES}
    rates = sorted(SMALL_FILES / one for one in seconds)
    print(
        f"small files (40 kB): {statistics.median(rates):.0f} decisions/s "
        f"({rates[0]:.0f} to {rates[-1]:.0f})"
    )


async def measure_heavy(work: AtWork) -> None:
    """Proofs that cost CPU, with small files beside them."""
    heavy, small = await asyncio.gather(
        work.validate(HEAVY_FILES, "heavy.xml"), work.validate(SMALL_FILES, "small.jpg")
    )
    print(
        f"{HEAVY_FILES} proofs that cost CPU and {SMALL_FILES} small files beside them: "
        f"{max(heavy, small):.1f} s; the event loop stood still for {work.longest_stall():.0f} ms "
        f"at the most in all of this run; {await work.clear()}"
    )


if __name__ == "__main__":
    asyncio.run(main())
