"""Faults of RabbitMQ, of PostgreSQL, of the ways to them, and of a deployment."""

import asyncio
from contextlib import suppress
from random import Random

import asyncpg

from tests.faults.campaign.world import World
from tests.faults.columns_to_miss import COLUMNS
from tests.faults.tcp_proxy import TcpProxy

# Longer than a publish waits for its confirm (5 s).
BLOCKED_SECONDS = 7.0
SLOW_PIECE_SECONDS = 0.1

LIST_BACKENDS = """
SELECT count(*) FILTER (WHERE state <> 'idle') FROM pg_stat_activity
WHERE application_name LIKE 'ventanilla %'
"""
END_BACKENDS = """
SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE application_name LIKE 'ventanilla %'
"""


async def kill_rabbit(world: World, chance: Random) -> str | None:
    """Kill the broker and start it again on the same data."""
    work = await world.work_is_in_hand()
    await asyncio.to_thread(world.rabbit.kill)
    await asyncio.sleep(chance.uniform(0.0, 2.0))
    await asyncio.to_thread(world.rabbit.start)
    return f"{work} in hand" if work else None


async def kill_postgres(world: World, chance: Random) -> str | None:
    """Kill the database and start it again on the same data."""
    work = await world.work_is_in_hand()
    await asyncio.to_thread(world.postgres.kill)
    await asyncio.sleep(chance.uniform(0.5, 4.0))
    await asyncio.to_thread(world.postgres.start)
    return f"{work} in hand" if work else None


async def end_backends(world: World, _: Random) -> str | None:
    """End every connection of ours while one of them is in a statement or a transaction."""
    async with world.database() as database:
        for _attempt in range(2000):
            if busy := await database.fetchval(LIST_BACKENDS):
                ended = await database.fetchval(END_BACKENDS)
                return f"{ended} connections, {busy} of them at work"
    return None


async def run_out_of_memory(world: World, _: Random) -> str | None:
    """Have the broker block all publishers, for longer than a confirm is waited for."""
    refused = world.gate.answers[503]
    await asyncio.to_thread(world.rabbit.evaluate, _watermark('{absolute, "1MB"}'))
    await asyncio.sleep(BLOCKED_SECONDS)
    await asyncio.to_thread(world.rabbit.evaluate, _watermark("0.4"))
    refused = world.gate.answers[503] - refused
    return f"{refused} webhooks were answered 503" if refused else None


def _watermark(limit: str) -> str:
    return f"vm_memory_monitor:set_vm_memory_high_watermark({limit})"


async def cut(world: World, proxy: TcpProxy) -> str | None:
    """Reset every connection at once."""
    work = await world.work_is_in_hand()
    proxy.cut()
    return f"{work} in hand" if work else None


async def half_open(world: World, proxy: TcpProxy, chance: Random) -> str | None:
    """Swallow every byte for a while, as a link does whose other end is gone; then reset."""
    work = await world.work_is_in_hand()
    proxy.stall()
    await asyncio.sleep(chance.uniform(6.0, 12.0))
    proxy.cut()
    proxy.flow()
    return f"{work} in hand" if work else None


async def slow(world: World, proxy: TcpProxy) -> str | None:
    """Hold each piece back for a moment."""
    work = await world.work_is_in_hand()
    proxy.delay = SLOW_PIECE_SECONDS
    await asyncio.sleep(5.0)
    proxy.delay = 0.0
    return f"{work} in hand" if work else None


async def cut_rabbit(world: World, _: Random) -> str | None:
    return await cut(world, world.amqp_proxy)


async def cut_postgres(world: World, _: Random) -> str | None:
    return await cut(world, world.postgres_proxy)


async def half_open_rabbit(world: World, chance: Random) -> str | None:
    return await half_open(world, world.amqp_proxy, chance)


async def half_open_postgres(world: World, chance: Random) -> str | None:
    return await half_open(world, world.postgres_proxy, chance)


async def slow_rabbit(world: World, _: Random) -> str | None:
    return await slow(world, world.amqp_proxy)


async def slow_postgres(world: World, _: Random) -> str | None:
    return await slow(world, world.postgres_proxy)


async def deploy_what_fails(world: World, _: Random) -> str | None:
    """Have a schema under which statements of every worker fail, and mend it."""
    taken = world.gate.accepted.total()
    await _rename(world, "{}", "was_{}")
    await asyncio.sleep(5.0)
    await _rename(world, "was_{}", "{}")
    taken = world.gate.accepted.total() - taken
    return f"{taken} items came meanwhile" if taken else None


async def _rename(world: World, old: str, new: str) -> None:
    """Rename the columns, each by itself, and again where somebody holds the table."""
    async with world.database() as database:
        await database.execute("SET lock_timeout = '500ms'")
        for table, column in COLUMNS:
            source, target = old.format(column), new.format(column)
            statement = f"ALTER TABLE {table} RENAME COLUMN {source} TO {target}"
            for _attempt in range(40):
                with suppress(asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
                    await database.execute(statement)
                    break
