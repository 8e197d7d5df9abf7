"""A contact for whom nothing is dated or under way gets its next message all the same."""

import asyncpg

from services.scheduler.date_forgotten_heads import date_forgotten_heads
from shared.database.pool import create_pool
from tests.routing import route
from tests.webhooks import text_message

DATED = "SELECT contact_id FROM outbox WHERE next_attempt_at IS NOT NULL ORDER BY contact_id"


async def test_a_head_that_nobody_dated_is_dated(
    database_url: str, database: asyncpg.Connection
) -> None:
    for number in (1, 2, 3):
        await route(database_url, text_message(f"3460000000{number}", "hola"))
    await database.execute("UPDATE outbox SET next_attempt_at = NULL WHERE contact_id < 3")
    await database.execute(
        "UPDATE outbox SET state = 'sending', lease_until = now() WHERE contact_id = 2"
    )
    pool = await create_pool(database_url, "tests")

    assert await date_forgotten_heads(pool) == 1
    assert await date_forgotten_heads(pool) == 0

    assert [row["contact_id"] for row in await database.fetch(DATED)] == [1, 3]
    await pool.close()
