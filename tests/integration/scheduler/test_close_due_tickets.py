"""The scheduler closes what is due: at once, in batches, and beside another one."""

import asyncio

import asyncpg

from services.scheduler.close_due_tickets import close_due_tickets
from shared.database.pool import create_pool
from tests.eventually import eventually
from tests.routing import route
from tests.system import System
from tests.webhooks import text_message

MAKE_CLOSING = """
UPDATE tickets SET status = 'closing', closing_at = now() - interval '1 hour',
       closing_message_id = 0,
       closes_at = date_trunc('second', now()) + make_interval(secs => $1)
"""


async def test_a_ticket_is_written_closed_within_a_second_of_its_deadline(
    system: System, database: asyncpg.Connection
) -> None:
    """R6: closed_at is the deadline, whenever the scheduler comes by."""
    await route(system.database_url, text_message("34600111222", "Hola"))
    await system.start("scheduler")
    await database.execute(MAKE_CLOSING, 2)

    async def closed() -> asyncpg.Record | None:
        row = await database.fetchrow(
            "SELECT clock_timestamp() - closed_at AS late, closed_at = closes_at AS exact"
            " FROM tickets WHERE status = 'closed'"
        )
        assert row is not None
        return row

    row = await eventually(closed, every=0.01)
    assert row is not None
    assert row["exact"]
    assert 0 <= row["late"].total_seconds() < 1


async def test_1200_due_tickets_are_closed_by_two_schedulers_without_harm(
    database_url: str, database: asyncpg.Connection
) -> None:
    phones = [f"346{number:08}" for number in range(1200)]
    for start in range(0, 1200, 200):
        await route(database_url, *(text_message(one, "x") for one in phones[start : start + 200]))
    await database.execute(MAKE_CLOSING, -1)
    pools = [await create_pool(database_url, "tests") for _ in range(2)]

    closed = await asyncio.gather(*(close_due_tickets(pool) for pool in pools))
    closed.append(await close_due_tickets(pools[0]))

    assert sum(closed) == 1200
    assert await database.fetchval("SELECT count(*) FROM tickets WHERE status <> 'closed'") == 0
    actions = "SELECT count(*) FROM ticket_events WHERE action = 'closed'"
    assert await database.fetchval(actions) == 1200
    for pool in pools:
        await pool.close()


async def test_a_scheduler_whose_database_is_away_is_not_ready_and_goes_on_later(
    system: System, database: asyncpg.Connection
) -> None:
    process = await system.start("scheduler")
    await database.execute("ALTER TABLE tickets RENAME COLUMN closes_at TO gone")

    async def not_ready() -> None:
        status, body = await system.health(process)
        assert status == 503
        assert "close_due_tickets" in body["trouble"]

    await eventually(not_ready)
    await database.execute("ALTER TABLE tickets RENAME COLUMN gone TO closes_at")
    await system.ready(process)
