"""Statuses that nobody took within an hour go; the ledger keeps them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from services.scheduler import drop_early_statuses as dropping
from services.scheduler.drop_early_statuses import drop_early_statuses
from shared.database.pool import Pool, create_pool
from tests.outgoing import Outgoing, track

PAST = timedelta(minutes=61)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await create_pool(database_url, "tests")
    yield pool
    await pool.close()


async def write_early(
    pool: Pool, count: int, *, arrived: timedelta, recorded: timedelta, first: int = 0
) -> None:
    """Track statuses of nobody, so long ago."""
    statuses = [Outgoing(first + place, 0).status("sent") for place in range(count)]
    await track(pool, *statuses, received_at=datetime.now(UTC) - arrived)
    await pool.execute(
        "UPDATE received_events SET recorded_at = now() - $1::interval"
        " WHERE recorded_at > now() - interval '1 minute'",
        recorded,
    )


async def test_what_nobody_took_within_an_hour_is_dropped_and_stays_in_the_ledger(
    pool: Pool, database: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dropping, "BATCH", 2)
    await write_early(pool, 5, arrived=PAST, recorded=PAST)
    await write_early(pool, 3, arrived=timedelta(minutes=59), recorded=timedelta(0), first=100)

    assert await drop_early_statuses(pool) == 5

    assert await database.fetchval("SELECT count(*) FROM early_statuses") == 3
    assert await database.fetchval("SELECT count(*) FROM received_events") == 8
    assert await drop_early_statuses(pool) == 0


async def test_one_that_waited_in_the_queue_for_an_hour_still_has_its_hour(
    pool: Pool, database: asyncpg.Connection
) -> None:
    """The database was away: the sender has yet to record its answers of that time."""
    await write_early(pool, 1, arrived=PAST, recorded=timedelta(minutes=1))

    assert await drop_early_statuses(pool) == 0
