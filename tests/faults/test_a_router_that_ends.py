"""A router ends in the middle of its work: by SIGTERM, killed, or again and again."""

import signal

import asyncpg

from tests.eventually import eventually
from tests.faults.envelopes import dead_letters, envelope_of, event_of, publish
from tests.faults.sabotage import MARKER
from tests.faults.supervisor import supervised
from tests.system import Process, System

PHONE = "34600111222"
RESTARTS = 7


async def test_sigterm_during_a_batch_lets_it_commit_and_settles_it(
    system: System, database: asyncpg.Connection
) -> None:
    router = await system.start("ticket_router", sabotage="slow")
    await publish(system.amqp_url, [envelope_of([event_of(PHONE, MARKER)])])

    async def in_transaction() -> None:
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"
        assert await database.fetchval(sleeping) == 1

    await eventually(in_transaction)
    router.signal(signal.SIGTERM)

    assert await router.process.wait() == 0
    assert await stored(database) == 1
    assert await left_in_queue(system) == 0
    assert [line["event"] for line in router.lines()][-1] == "service.stopped"


async def test_a_router_killed_between_commit_and_acknowledgement_doubles_nothing(
    system: System, database: asyncpg.Connection
) -> None:
    async with supervised(system, "ticket_router", 1, "killer_after_commit") as routers:
        marked = event_of(PHONE, MARKER)
        others = [event_of(PHONE, f"m{number}") for number in range(5)]
        await publish(system.amqp_url, [envelope_of([marked, *others])])

        async def settled() -> None:
            assert routers.restarts >= 1
            assert await left_in_queue(system) == 0
            assert await stored(database) == 6

        await eventually(settled)
    ledger = await database.fetch("SELECT outcome, count(*) FROM received_events GROUP BY outcome")
    assert [tuple(row) for row in ledger] == [("stored", 6)]
    assert await database.fetchval("SELECT count(*) FROM tickets") == 1


async def test_restarting_a_router_that_cannot_work_buries_nothing(
    system: System, database: asyncpg.Connection
) -> None:
    await database.execute("ALTER TABLE messages RENAME COLUMN text TO was_text")
    await publish(system.amqp_url, [envelope_of([event_of(PHONE, f"m{n}")]) for n in range(3)])
    for _ in range(RESTARTS):
        router = await system.start("ticket_router", wait=False)
        await eventually(lambda: is_waiting(router))  # noqa: B023
        router.signal(signal.SIGTERM)
        assert await router.process.wait() == 0
    await database.execute("ALTER TABLE messages RENAME COLUMN was_text TO text")
    await system.start("ticket_router")

    async def all_is_there() -> None:
        assert await left_in_queue(system) == 0
        assert await stored(database) == 3

    try:
        await eventually(all_is_there)
    finally:
        reasons = [letter.headers["x-reason"] for letter in await dead_letters(system.amqp_url)]
    assert reasons == []


async def is_waiting(router: Process) -> None:
    """Wait until it has taken deliveries that it cannot handle."""
    assert any(line["events"] for line in router.events("worker.waiting"))


async def stored(database: asyncpg.Connection) -> int:
    return int(await database.fetchval("SELECT count(*) FROM messages WHERE author = 'contact'"))


async def left_in_queue(system: System) -> int:
    return (await system.queue_lengths())["ticket_router"]
