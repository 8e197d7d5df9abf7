"""Statuses that nobody took within an hour go; the ledger keeps them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from services.scheduler import drop_early_statuses as dropping
from services.scheduler.drop_early_statuses import drop_early_statuses
from shared.database.pool import Pool, create_pool
from tests.outgoing import Outgoing, track


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await create_pool(database_url, "tests")
    yield pool
    await pool.close()


async def write_early(pool: Pool, count: int, *, ago: timedelta, first: int = 0) -> None:
    """Track statuses of nobody, so long ago."""
    await track(pool, *(Outgoing(first + place, 0).status("sent") for place in range(count)))
    await pool.execute(
        "UPDATE early_statuses SET kept_at = kept_at - $1::interval"
        " WHERE kept_at > now() - interval '1 minute'",
        ago,
    )


async def test_what_nobody_took_within_an_hour_is_dropped_and_stays_in_the_ledger(
    pool: Pool, database: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dropping, "BATCH", 2)
    await write_early(pool, 5, ago=timedelta(minutes=61))
    await write_early(pool, 3, ago=timedelta(minutes=59), first=100)

    assert await drop_early_statuses(pool) == 5

    assert await database.fetchval("SELECT count(*) FROM early_statuses") == 3
    assert await database.fetchval("SELECT count(*) FROM received_events") == 8
    assert await drop_early_statuses(pool) == 0


async def test_one_that_waited_in_the_queue_for_an_hour_still_has_its_hour(pool: Pool) -> None:
    """The database was away: the sender has yet to record its answers of that time."""
    at_ingress = datetime.now(UTC) - timedelta(minutes=61)

    await track(pool, Outgoing(1, 0).status("sent"), received_at=at_ingress)

    assert await drop_early_statuses(pool) == 0
