"""What routing reads does not grow with what is stored: it looks up keys, and nothing else."""

import asyncpg
import pytest

from services.ticket_router.route_events import route_events
from shared.database.pool import BY_KEY, create_pool
from tests.integration.sender.waiting import WRITE_BACKLOG, WRITE_CONTACTS
from tests.routing import router_settings
from tests.webhooks import events_of, text_message, webhook_of

# As many as a table has when PostgreSQL would still read all of it rather than look up a few; and
# what it had when statistics were last made of it.
STORED = 3000
ANALYSED = [0, 600, STORED]
# Of a message from somebody new or known, with a ticket to open or not, in a batch of any size.
MOST_ROWS_READ = 40

FIND_CONTACTS = "SELECT value FROM contact_addresses ORDER BY contact_id"
COUNT_READ = """
SELECT (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)
     + (SELECT sum(seq_tup_read) FROM pg_stat_user_tables)
"""


# A session tells what it has read when a second has passed, or when it is asked to.
COUNT_NOW = "SELECT pg_stat_force_next_flush()"


async def rows_read(database: asyncpg.Connection) -> int:
    await database.execute(COUNT_NOW)
    await database.execute("SELECT pg_stat_clear_snapshot()")
    return int(await database.fetchval(COUNT_READ))


async def store(database: asyncpg.Connection, contacts: int) -> None:
    """Write contacts with an open ticket and a message that waits to be sent."""
    if written := await database.fetch(WRITE_CONTACTS, contacts):
        ids = [row["contact_id"] for row in written]
        await database.execute(WRITE_BACKLOG, min(ids), max(ids), 1)


@pytest.mark.parametrize("analysed", ANALYSED)
@pytest.mark.parametrize("size", [1, 100])
async def test_a_batch_reads_what_it_looks_up_and_nothing_else(
    database_url: str, database: asyncpg.Connection, size: int, analysed: int
) -> None:
    await store(database, analysed)
    if analysed:
        await database.execute("ANALYZE")
    await store(database, STORED - analysed)
    rows = await database.fetch(FIND_CONTACTS)
    phones = [row["value"] if place % 3 else f"34700{place:06}" for place, row in enumerate(rows)]
    count = max(20, 5 * size)
    pool = await create_pool(database_url, "tests", size=1, plans=BY_KEY)
    settings = router_settings(database_url)
    before = await rows_read(database)
    for place in range(0, count, size):
        batch = [text_message(phone, "hola") for phone in phones[place : place + size]]
        await route_events(pool, settings, events_of(webhook_of(*batch)))
    await pool.execute(COUNT_NOW)
    await pool.close()

    assert (await rows_read(database) - before) / count < MOST_ROWS_READ
