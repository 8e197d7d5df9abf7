"""Run a peer as a process, for whoever measures or tries it."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from tests.benchmarks.peers.install import PYTHON, ROOT

READY_SECONDS = 60
STOP_SECONDS = 30


@dataclass(frozen=True, slots=True)
class RunningPeer:
    """A peer that consumes or listens; it may be several processes, which are one group."""

    process: asyncio.subprocess.Process

    async def stop(self) -> int:
        """Ask it to end; give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_SECONDS):
            return await self.process.wait()

    async def kill(self) -> None:
        """Have all its processes die where they stand; also what is left of one that ended."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()


async def start_peer(
    role: str, peer: str, configuration: str, environment: Mapping[str, str]
) -> RunningPeer:
    """Start a peer and wait until it is ready; its errors go where ours go.

    `environment` holds what `serve` asks for. Raises RuntimeError where it ends before.
    """
    process = await asyncio.create_subprocess_exec(
        *(str(PYTHON), "-m", "tests.benchmarks.peers.serve", role, peer, configuration),
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=sys.stderr.fileno(),
        start_new_session=True,
    )
    started = RunningPeer(process)
    try:
        async with asyncio.timeout(READY_SECONDS):
            await _read_ready(process)
    except BaseException:
        await started.kill()
        raise
    return started


async def fill_queue(peer: str, count: int, amqp_url: str, *, first: int = 0) -> None:
    """Put messages of the stream on a peer's queue (`publish`)."""
    process = await asyncio.create_subprocess_exec(
        *(str(PYTHON), "-m", "tests.benchmarks.peers.publish", peer, str(count), str(first)),
        cwd=ROOT,
        env={**os.environ, "AMQP_URL": amqp_url},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    if process.returncode != 0 or int(printed) != count:
        raise RuntimeError(f"published {printed!r} of {count} messages")


async def _read_ready(process: asyncio.subprocess.Process) -> None:
    if process.stdout is None:
        raise RuntimeError("started without a pipe")
    while (line := await process.stdout.readline()) != b"ready\n":
        if not line:
            raise RuntimeError("the peer ended before it was ready")
