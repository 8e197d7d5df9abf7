"""The real media validator, and how long its event loop stood still: a number in a file.

`python -m tests.benchmarks.watched_validator FILE`; the file holds the longest stall in
milliseconds so far, and is written anew whenever that grows.
"""

import asyncio
import sys
from pathlib import Path
from time import monotonic

from services.media_validator.serve import serve
from services.media_validator.settings import Settings, read_settings
from shared.service import Service
from shared.worker import run_service

EVERY_SECONDS = 0.005


async def watch_loop(file: Path) -> None:
    longest = -1.0
    while True:
        before = monotonic()
        await asyncio.sleep(EVERY_SECONDS)
        stall = monotonic() - before - EVERY_SECONDS
        if stall > longest:
            longest = stall
            tell(file, f"{longest * 1000:.1f}")


def tell(file: Path, words: str) -> None:
    file.write_text(words, encoding="ascii")


async def serve_watched(settings: Settings, service: Service) -> None:
    watching = asyncio.create_task(watch_loop(Path(sys.argv[1])))
    await serve(settings, service)
    watching.cancel()


if __name__ == "__main__":
    run_service("media_validator", read_settings, serve_watched)
