"""Contacts are locked in the order of their ids, so that nobody waits in a circle."""

import asyncio
from collections.abc import Sequence

import asyncpg

from shared.database.pool import Pool, create_pool
from shared.database.transaction import transaction
from shared.tickets.lock_contacts import lock_contacts
from tests.eventually import eventually
from tests.waiting_for_locks import somebody_waits

CONTACTS = 20
WRITE_CONTACTS = "INSERT INTO contacts (profile_name) SELECT 'x' FROM generate_series(1, $1)"
# A row that changes is written anew behind the others.
CHANGE_FIRST = "UPDATE contacts SET profile_name = 'y' WHERE id = 1"
LOCK_FIRST = "SELECT FROM contacts WHERE id = 1 FOR NO KEY UPDATE"
FIND_FREE = "SELECT id FROM contacts WHERE id > 1 FOR NO KEY UPDATE SKIP LOCKED"


async def lock(pool: Pool, ids: Sequence[int]) -> None:
    async with transaction(pool) as tx:
        # The plan that PostgreSQL may choose at any time: to read the table as it lies there.
        await tx.connection.execute("SET LOCAL enable_indexscan = off")
        await lock_contacts(tx, ids)


async def test_who_waits_for_a_contact_holds_none_that_comes_after_it(
    database_url: str, database: asyncpg.Connection
) -> None:
    await database.execute(WRITE_CONTACTS, CONTACTS)
    await database.execute(CHANGE_FIRST)
    pool = await create_pool(database_url, "tests")
    async with database.transaction():
        await database.execute(LOCK_FIRST)
        locking = asyncio.create_task(lock(pool, range(1, CONTACTS + 1)))
        await eventually(lambda: somebody_waits(pool))

        free = await database.fetch(FIND_FREE)

    await locking
    await pool.close()
    assert [row["id"] for row in free] == list(range(2, CONTACTS + 1))
