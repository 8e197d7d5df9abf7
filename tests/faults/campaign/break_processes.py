"""Faults of our own processes: killed, asked to stop, frozen; at named points and anywhere."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from random import Random

from shared.database.pool import IDLE_IN_TRANSACTION_SECONDS
from tests.eventually import eventually
from tests.faults.campaign.crash_points import POINTS
from tests.faults.campaign.victim import SENDERS_LEASE, VALIDATORS_LEASE
from tests.faults.campaign.world import TWICE, World

Fault = Callable[[World, Random], Awaitable[str | None]]
"""Breaks something, mends it, and says what was under way; None where nothing was."""

REACHED_SECONDS = 15.0
DRAIN_SECONDS = 30.0


def crash_at(point: str) -> Fault:
    """Make the fault that kills whoever comes by a point."""

    async def crash(world: World, _: Random) -> str | None:
        return await _meet(world, point, signal.SIGKILL)

    return crash


async def _meet(world: World, point: str, number: signal.Signals) -> str | None:
    world.armed.arm(point, number)

    async def is_reached() -> None:
        assert not world.armed.is_armed(point)

    try:
        await eventually(is_reached, within=REACHED_SECONDS, every=0.01)
    except AssertionError:
        if world.armed.disarm(point):
            return None
    return f"{POINTS[point]}, process {world.armed.victim_of(point)}"


async def kill_one(world: World, chance: Random) -> str | None:
    """Kill a process in the middle of work."""
    service = chance.choice(TWICE)
    slot = await world.hold_one_at_work([service], chance)
    if slot is None:
        return None
    work = slot.work.count
    slot.running.signal(signal.SIGKILL)
    return f"{slot.name} with {work} in hand"


async def stop_one(world: World, chance: Random) -> str | None:
    """Ask a process to stop in the middle of work; it must end by itself, with 0."""
    service = chance.choice(TWICE)
    slot = await world.hold_one_at_work([service], chance)
    if slot is None:
        return None
    process, work = slot.running, slot.work.count
    process.signal(signal.SIGTERM)
    world.thaw(slot)
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            code = await process.process.wait()
    except TimeoutError:
        world.complaints.append(f"{slot.name} did not end within {DRAIN_SECONDS:.0f} s of SIGTERM")
        process.signal(signal.SIGKILL)
        return f"{slot.name} with {work} in hand"
    if code != 0:
        world.complaints.append(f"{slot.name} ended with {code} after SIGTERM")
    return f"{slot.name} with {work} in hand"


async def freeze_beyond_lease(world: World, chance: Random) -> str | None:
    """Freeze a sender or a validator until others have taken its work over, then let it go on."""
    service, lease = chance.choice(
        [("sender", SENDERS_LEASE), ("media_validator", VALIDATORS_LEASE)]
    )
    slot = await world.hold_one_at_work([service], chance)
    if slot is None:
        return None
    work = slot.work.count
    await asyncio.sleep(lease + 3)
    world.thaw(slot)
    return f"{slot.name} with {work} in hand, {lease + 3:.0f} s"


async def freeze_in_transaction(world: World, _: Random) -> str | None:
    """Freeze a router that holds locks, for longer than PostgreSQL lets it hold them."""
    point = "in the router's transaction"
    met = await _meet(world, point, signal.SIGSTOP)
    if met is None:
        return None
    victim = world.armed.victim_of(point)
    slot = next((one for one in world.slots if one.process and one.process.pid == victim), None)
    if slot is not None:
        slot.frozen = True
    await asyncio.sleep(IDLE_IN_TRANSACTION_SECONDS + 2)
    if slot is not None:
        world.thaw(slot)
    else:
        os.kill(victim, signal.SIGCONT)
    return met
