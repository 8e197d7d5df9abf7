"""Say what a run was made on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import asyncpg

from tests.servers import Management, TestServers

PACKAGES = ("aio-pika", "aiormq", "aiohttp", "asyncpg", "msgspec", "structlog", "uvloop")
SETTINGS = ("fsync", "synchronous_commit", "shared_buffers", "max_wal_size", "max_connections")

FIND_SETTINGS = "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY($1)"
FIND_VERSION = "SHOW server_version"


async def describe(servers: TestServers) -> dict[str, Any]:
    """Give the machine, the versions and the settings that matter."""
    database = await asyncpg.connect(servers.database_url)
    settings = {row[0]: row[1] for row in await database.fetch(FIND_SETTINGS, list(SETTINGS))}
    postgres = await database.fetchval(FIND_VERSION)
    await database.close()
    async with Management(str(servers.management_url)) as management:
        overview: Any = await management.call("GET", "overview")
    return {
        "cpu": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "load_before": os.getloadavg(),
        "python": platform.python_version(),
        "postgresql": postgres,
        "rabbitmq": overview["rabbitmq_version"],
        "erlang": overview["erlang_version"],
        "packages": {name: version(name) for name in PACKAGES},
        "postgresql_settings": settings,
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
