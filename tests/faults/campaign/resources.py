"""What a process holds of the machine, to tell whether it grows."""

from dataclasses import dataclass
from typing import Any

import psutil

from tests.faults.campaign.world import World


@dataclass(frozen=True, slots=True)
class Footprint:
    """Of the larger of a service's two processes."""

    descriptors: int
    threads: int
    memory: int
    """Resident, in bytes."""


COUNT_BACKENDS = """
SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'ventanilla %'
"""
# The pools of two processes of each service, as the runbook sums them up.
MOST_BACKENDS = 2 * (4 + 4 + 4 + 5 + 4 + 8)


async def connections(world: World) -> dict[str, int]:
    """Give how many connections and channels the servers have from us."""
    management = world.system.management
    amqp: Any = await management.call("GET", "connections")
    channels: Any = await management.call("GET", "channels")
    async with world.database() as database:
        backends = await database.fetchval(COUNT_BACKENDS)
    return {
        "RabbitMQ connections": len(amqp),
        "RabbitMQ channels": len(channels),
        "PostgreSQL connections": backends,
    }


def footprints(world: World) -> dict[str, Footprint]:
    """Give them by service."""
    found: dict[str, list[psutil.Process]] = {}
    for slot in world.slots:
        found.setdefault(slot.service, []).append(psutil.Process(slot.running.pid))
    return {
        service: Footprint(
            max(one.num_fds() for one in processes),
            max(one.num_threads() for one in processes),
            max(one.memory_info().rss for one in processes),
        )
        for service, processes in found.items()
    }
