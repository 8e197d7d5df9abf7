"""The pool's settings hold on every connection, and its limits end what would wait for ever."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.database import pool as pools
from shared.database.pool import BY_KEY, Pool, create_pool
from shared.service import Service
from tests.eventually import eventually
from tests.faults.tcp_proxy import proxy_to

SETTINGS = {
    "application_name": "ventanilla tests",
    "statement_timeout": "20s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "3s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "plan_cache_mode": "force_custom_plan",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "TimeZone": "UTC",
}


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await create_pool(database_url, "tests")
    yield pool
    await pool.close()


async def test_every_connection_has_the_settings(pool: Pool) -> None:
    async with pool.acquire() as one, pool.acquire() as another:
        for connection in (one, another):
            found = {name: await connection.fetchval(f"SHOW {name}") for name in SETTINGS}
            assert found == SETTINGS


async def test_who_looks_up_by_keys_keeps_plans_that_go_by_indexes(database_url: str) -> None:
    pool = await create_pool(database_url, "tests", plans=BY_KEY)
    expected = SETTINGS | {"plan_cache_mode": "auto", "enable_seqscan": "off"}

    found = {name: await pool.fetchval(f"SHOW {name}") for name in expected}

    assert found == expected
    await pool.close()


async def test_a_transaction_that_idles_is_ended_and_its_locks_are_free(
    pool: Pool, database: asyncpg.Connection
) -> None:
    await database.execute("INSERT INTO contacts DEFAULT VALUES")
    async with pool.acquire() as frozen:
        await frozen.execute("BEGIN")
        await frozen.execute("SELECT 1 FROM contacts FOR UPDATE")

        async with asyncio.timeout(5):
            await database.execute("SELECT 1 FROM contacts FOR UPDATE")

        with pytest.raises(Exception, match=r"."):
            await frozen.execute("COMMIT")


async def test_a_statement_that_takes_too_long_is_ended(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setattr(pools, "STATEMENT_SECONDS", 1)
    impatient = await create_pool(database_url, "tests")

    with pytest.raises(asyncpg.QueryCanceledError):
        await impatient.execute("SELECT pg_sleep(10)")
    await impatient.close()


async def test_a_pool_is_made_without_its_database(database_url: str) -> None:
    async with proxy_to(database_url) as (proxy, url):
        proxy.refuse()
        pool = await create_pool(url, "tests")
        with pytest.raises(ConnectionRefusedError):
            await pool.execute("SELECT 1")

        await proxy.listen()
        assert await pool.fetchval("SELECT 1") == 1
        await pool.close()


async def test_who_watches_the_database_is_ready_only_while_it_answers(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "WATCH_SECONDS", 0.05)
    service = Service()

    async def expect(trouble: set[str]) -> None:
        async def is_so() -> None:
            assert service.health.trouble.keys() == trouble

        await eventually(is_so)

    async with proxy_to(database_url) as (proxy, url):
        pool = await create_pool(url, "tests")
        watching = asyncio.create_task(pools.watch_database(pool, service))
        await expect(set())
        proxy.refuse()
        await expect({"database"})
        await proxy.listen()
        await expect(set())
        service.stopping.set()
        await asyncio.wait_for(watching, 5)
        await pool.close()


def test_what_asyncpg_raises_for_a_connection_lost_at_a_bad_moment_is_known_as_away() -> None:
    assert issubclass(asyncpg.InternalClientError, pools.AWAY)
