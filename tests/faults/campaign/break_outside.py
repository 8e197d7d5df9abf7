"""Faults of Meta's side, and events that our code cannot handle or survive."""

import asyncio
from contextlib import suppress
from random import Random

import asyncpg

from tests.eventually import eventually
from tests.faults.campaign.citizens import Citizens
from tests.faults.campaign.victim import KILLER, POISON, SEND_SECONDS
from tests.faults.campaign.world import World

BURIED_WITHIN = 90.0

IS_BURIED = """
SELECT EXISTS (SELECT FROM received_events
               WHERE outcome = 'dead' AND position($1::bytea IN raw) > 0)
"""


async def graph_away(world: World, _: Random) -> str | None:
    """Cut every request to the Graph API before anything is accepted."""
    many = 1_000_000
    await world.system.behave(refuse_connections=many)
    await asyncio.sleep(4.0)
    left = await _left(world, "refuse_connections")
    await world.system.behave(refuse_connections=0)
    return f"{many - left} requests were cut" if left < many else None


async def graph_slow(world: World, _: Random) -> str | None:
    """Let the Graph API answer late, but in time."""
    await world.system.behave(delay_seconds=SEND_SECONDS / 3)
    most = await _most_sends(world, 5.0)
    await world.system.behave(delay_seconds=0)
    return f"{most} sends waited at once" if most else None


async def graph_late(world: World, _: Random) -> str | None:
    """Let the Graph API accept, and answer when nobody listens any more."""
    lost = world.count_lines("send.unknown")
    await world.system.behave(delay_seconds=SEND_SECONDS + 2)
    await asyncio.sleep(SEND_SECONDS + 4)
    await world.system.behave(delay_seconds=0)
    lost = world.count_lines("send.unknown") - lost
    return f"{lost} sends became unknown" if lost else None


async def graph_loses_answers(world: World, _: Random) -> str | None:
    """Accept and deliver some messages, and cut the connection before the answer."""
    many = 5
    await world.system.behave(lose_answer_next=many)

    async def all_are_lost() -> None:
        assert await _left(world, "lose_answer_next") == 0

    with suppress(AssertionError):
        await eventually(all_are_lost, within=10)
    left = await _left(world, "lose_answer_next")
    await world.system.behave(lose_answer_next=0)
    return f"{many - left} answers were lost" if left < many else None


async def media_away(world: World, _: Random) -> str | None:
    """Cut every request for a file."""
    tried = world.count_lines("attachment.retry")
    await world.system.behave(media_away=True)
    await asyncio.sleep(4.0)
    await world.system.behave(media_away=False)
    tried = world.count_lines("attachment.retry") - tried
    return f"{tried} files could not be had" if tried else None


async def poison(world: World, citizens: Citizens, chance: Random) -> str | None:
    """Have somebody write what our code cannot handle, beside the healthy load."""
    return await _send_what_is_buried(world, citizens, chance, POISON)


async def send_a_killer(world: World, citizens: Citizens, chance: Random) -> str | None:
    """Have somebody write what ends every router that begins it."""
    return await _send_what_is_buried(world, citizens, chance, KILLER)


async def _send_what_is_buried(
    world: World, citizens: Citizens, chance: Random, beginning: str
) -> str | None:
    phone = f"34622{chance.randrange(10**6):06d}"
    wamid = await citizens.write(phone, beginning)

    async def is_buried() -> None:
        assert await _is_buried(world, wamid)

    try:
        await eventually(is_buried, within=BURIED_WITHIN, every=0.2)
    except AssertionError:
        world.complaints.append(f"{beginning} was not buried in {BURIED_WITHIN:.0f} s")
    return f"buried among {world.work} in hand"


async def _is_buried(world: World, wamid: str) -> bool:
    with suppress(OSError, asyncpg.PostgresError, TimeoutError):
        async with world.database() as database:
            return bool(await database.fetchval(IS_BURIED, wamid.encode()))
    return False


async def _most_sends(world: World, seconds: float) -> int:
    most = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                sends = sum(slot.work.count for slot in world.slots if slot.service == "sender")
                most = max(most, sends)
                await asyncio.sleep(0.02)
    return most


async def _left(world: World, counter: str) -> int:
    async with world.system.http.get(f"{world.system.simulator_url}/behaviour") as answer:
        return int((await answer.json())[counter])
