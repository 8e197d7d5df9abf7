"""R4: one closing has one closing message, whoever clicks at the same time."""

import asyncio

import asyncpg

from shared.database.pool import create_pool
from tests.eventually import eventually
from tests.integration.agent_desk.files import open_ticket
from tests.system import System
from tests.waiting_for_locks import somebody_waits

PHONE = "34600111222"

# Nobody can write the closing down; whoever gets as far as that has read an open ticket.
LOCK_TICKET = "SELECT FROM tickets FOR NO KEY UPDATE"


async def test_of_two_agents_who_close_a_ticket_at_once_one_is_told_that_it_is_closing(
    desk: System, database: asyncpg.Connection, database_url: str
) -> None:
    number = await open_ticket(desk, PHONE)
    pool = await create_pool(database_url, "tests")
    async with database.transaction():
        await database.execute(LOCK_TICKET)
        closing = [
            asyncio.create_task(desk.desk("POST", f"/tickets/{number}/close")) for _ in range(2)
        ]
        await eventually(lambda: somebody_waits(pool, sessions=2))
    answers = await asyncio.gather(*closing)
    await pool.close()

    assert sorted(status for status, _ in answers) == [200, 409]
    closings = "SELECT count(*) FROM messages WHERE purpose = 'closing'"
    assert await database.fetchval(closings) == 1
