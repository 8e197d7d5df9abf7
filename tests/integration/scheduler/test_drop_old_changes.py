"""What the event stream need not tell any more goes, the oldest first and in batches."""

import asyncpg
import pytest

from services.scheduler import drop_old_changes as chore
from shared.database.pool import create_pool
from tests.routing import route
from tests.webhooks import text_message

COUNT = "SELECT count(*) FROM changes"


async def test_changes_of_more_than_a_day_ago_are_dropped_and_no_others(
    database_url: str, database: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await route(database_url, *(text_message(f"3460011{n:04}", "Hola") for n in range(20)))
    old = await database.fetchval(COUNT)
    await database.execute("UPDATE changes SET at = now() - interval '25 hours'")
    await route(database_url, text_message("34600222333", "Hola"))
    new = await database.fetchval(COUNT) - old
    monkeypatch.setattr(chore, "BATCH", 7)
    pool = await create_pool(database_url, "tests")

    dropped = await chore.drop_old_changes(pool)

    await pool.close()
    assert (dropped, await database.fetchval(COUNT)) == (old, new)
    assert old > 0
    assert new > 0
