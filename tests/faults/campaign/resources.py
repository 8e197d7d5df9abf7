"""What a process holds of the machine, to tell whether it grows."""

from dataclasses import dataclass

import psutil

from tests.faults.campaign.world import World


@dataclass(frozen=True, slots=True)
class Footprint:
    """Of the larger of a service's two processes."""

    descriptors: int
    threads: int
    memory: int
    """Resident, in bytes."""


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
