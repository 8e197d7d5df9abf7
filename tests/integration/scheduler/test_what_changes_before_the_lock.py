"""R6: what the scheduler saw due before it had a contact may not hold any more when it has it.

The clock that it reads waits until the other one has committed, so each of these meets its race
every time: the statement that locks contacts goes on with what it had seen before.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from services.scheduler.close_due_tickets import close_due_tickets
from shared.database.pool import Pool
from tests.eventually import eventually
from tests.integration.scheduler.test_close_due_tickets import MAKE_CLOSING
from tests.routing import route
from tests.waiting_for_locks import somebody_waits
from tests.webhooks import text_message

# Looked up before PostgreSQL's own by connections that are made from now on.
MAKE_CLOCK_WAIT = """
CREATE SCHEMA waiting;
CREATE FUNCTION waiting.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT pg_advisory_xact_lock_shared(1);
    SELECT pg_catalog.clock_timestamp();
$$;
DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET search_path = waiting, pg_catalog, public',
                   current_database());
END $$;
"""
HOLD_CLOCK = "SELECT pg_advisory_lock(1)"
LET_CLOCK_GO = "SELECT pg_advisory_unlock(1)"

REOPEN = """
UPDATE tickets SET status = 'open', closing_at = NULL, closing_message_id = NULL, closes_at = NULL
"""
REOPEN_AND_CLOSE = (
    "UPDATE tickets SET closing_at = now(), closes_at = closes_at + interval '1 hour'"
)

ADD_CONTACT = "INSERT INTO contacts DEFAULT VALUES RETURNING id"
GIVE_TICKET = "UPDATE tickets SET contact_id = $1"
LOCK = "SELECT FROM contacts WHERE id = $1 FOR NO KEY UPDATE"

FIND_TICKET = """
SELECT status, (SELECT count(*) FROM ticket_events WHERE action = 'closed') AS said FROM tickets
"""

Scheduling = Callable[[], Awaitable[int]]


@asynccontextmanager
async def about_to_lock(
    database_url: str, database: asyncpg.Connection, pool: Pool
) -> AsyncIterator[Scheduling]:
    """Stop a scheduler that has seen one ticket due; give what lets it go on, to its end."""
    await route(database_url, text_message("34600111222", "Hola"))
    await database.execute(MAKE_CLOSING, -1)
    await database.execute(MAKE_CLOCK_WAIT)
    await database.execute(HOLD_CLOCK)
    going = asyncio.create_task(close_due_tickets(pool))

    async def go_on() -> int:
        await database.execute(LET_CLOCK_GO)
        return await going

    await eventually(lambda: somebody_waits(pool))
    yield go_on


@pytest.mark.parametrize(
    ("change", "status"), [(REOPEN, "open"), (REOPEN_AND_CLOSE, "closing")], ids=["open", "later"]
)
async def test_a_ticket_that_an_agent_takes_back_meanwhile_is_not_closed(
    database_url: str, database: asyncpg.Connection, pool: Pool, change: str, status: str
) -> None:
    async with about_to_lock(database_url, database, pool) as go_on:
        await database.execute(change)

        assert await go_on() == 0
        assert tuple(await database.fetchrow(FIND_TICKET) or ()) == (status, 0)


async def test_a_ticket_that_passes_to_another_contact_meanwhile_waits_for_that_ones_lock(
    database_url: str, database: asyncpg.Connection, pool: Pool
) -> None:
    """R13: the contact that the scheduler has locked is not the ticket's any more."""
    async with about_to_lock(database_url, database, pool) as go_on:
        other = await database.fetchval(ADD_CONTACT)
        await database.execute(GIVE_TICKET, other)
        async with database.transaction():
            await database.execute(LOCK, other)

            assert await go_on() == 0
            assert tuple(await database.fetchrow(FIND_TICKET) or ()) == ("closing", 0)

    assert await close_due_tickets(pool) == 1
    assert tuple(await database.fetchrow(FIND_TICKET) or ()) == ("closed", 1)
