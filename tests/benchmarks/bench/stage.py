"""What a turn is measured on: fresh databases and vhosts, and processes that say `ready`."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psutil

from tests.benchmarks.bench.load import Done, Load
from tests.servers import ROOT, Management, TestServers, database_of_its_own, vhost_of_its_own
from tests.system import APP_SECRET, System

READY_SECONDS = 30
IDLE = "idle"
SERVERS = {"postgres": "PostgreSQL", "beam.smp": "RabbitMQ"}


@dataclass
class Stage:
    """The servers of a run, and a folder for logs."""

    servers: TestServers
    folder: Path

    @asynccontextmanager
    async def place(self) -> AsyncIterator[System]:
        """Give a fresh database and vhost, in which any of our services can be started."""
        async with AsyncExitStack() as stack:
            database_url = await stack.enter_async_context(database_of_its_own(self.servers))
            amqp_url = await stack.enter_async_context(vhost_of_its_own(self.servers))
            system = System(self.servers, database_url, amqp_url, self.folder)
            system.environment["LOG_LEVEL"] = "info"
            yield await stack.enter_async_context(system)

    def with_template(self, database_url: str) -> "Stage":
        """Give a stage whose databases begin as this one, which nobody is connected to."""
        template = unquote(urlsplit(database_url).path[1:])
        return Stage(replace(self.servers, template=template), self.folder)

    async def empty_queues(self, system: System) -> None:
        """Throw away what waits in the queues of a vhost."""
        async with Management(str(self.servers.management_url)) as management:
            vhost = unquote(urlsplit(system.amqp_url).path[1:])
            queues: Any = await management.call("GET", f"queues/{vhost}")
            for queue in queues:
                await management.call("DELETE", f"queues/{vhost}/{queue['name']}/contents")


@asynccontextmanager
async def helper(
    module: str,
    *arguments: str,
    python: str = sys.executable,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a module until the block ends; give it once it has printed `ready`."""
    process = await asyncio.create_subprocess_exec(
        python, "-m", module, *arguments,
        cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(READY_SECONDS):
            while (line := await process.stdout.readline()).strip() != b"ready":
                if not line:
                    raise RuntimeError(f"{module} {' '.join(arguments)} did not start")
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(20):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def answer_of(
    module: str,
    *arguments: str,
    python: str = sys.executable,
    environment: Mapping[str, str] | None = None,
) -> bytes:
    """Run a module to its end and give what it printed; raise where it failed."""
    process = await asyncio.create_subprocess_exec(
        python, "-m", module, *arguments,
        cwd=ROOT, env={**os.environ, **(environment or {})},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{module} {' '.join(arguments)} ended with {process.returncode}")
    return printed


async def put_load(load: Load, began: Callable[[], None] = lambda: None) -> Done:
    """Have the load generator post to a port of this machine; `began` is called as it begins."""
    told = json.dumps({name: getattr(load, name) for name in load.__struct_fields__})
    async with helper("tests.benchmarks.bench.load", told) as process:
        assert process.stdout is not None
        began()
        done = Done(**json.loads(await process.stdout.readline()))
        await process.wait()
        return done


def http_environment(port: int) -> dict[str, str]:
    """Give the environment of whatever takes webhooks at a port."""
    return {"PORT": str(port), "WHATSAPP_APP_SECRET": APP_SECRET}


Used = dict[str, dict[int, float]]
"""Seconds of a core by process, under the name of what they are."""


def used_so_far(names: Mapping[str, Sequence[int]]) -> Used:
    """Give what these processes have used so far, the servers' processes, and nobody."""
    used: Used = {name: {} for name in (*names, *SERVERS.values())}
    by_pid = {pid: name for name, pids in names.items() for pid in pids}
    for one in psutil.process_iter(["name", "cpu_times"]):
        name = by_pid.get(one.pid) or SERVERS.get(one.info["name"])
        if name is not None and one.info["cpu_times"]:
            used[name][one.pid] = sum(one.info["cpu_times"][:2])
    return used | {IDLE: {0: psutil.cpu_times().idle}}


def used_between(before: Used, after: Used) -> dict[str, float]:
    """Give the seconds of a core that each has used meanwhile; of those who ended, nothing."""
    return {
        name: sum(value - before[name].get(pid, 0.0) for pid, value in by_pid.items())
        for name, by_pid in after.items()
    }
