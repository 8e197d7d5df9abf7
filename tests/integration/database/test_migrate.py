"""Migrations: two at once, one killed half-way, a lock that was left behind."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from shared.database.migrate import MIGRATIONS, migrate
from tests.eventually import eventually
from tests.servers import ROOT, TestServers, with_path

ALL = sorted(path.stem for path in MIGRATIONS.glob("*.sql"))

FIND_TABLES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'public' AND table_name NOT LIKE '%yoyo%'
"""
# Who waits for the lock around the migrations, or for a table that somebody else is making.
COUNT_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.fixture
async def empty_url(servers: TestServers) -> AsyncIterator[str]:
    """A database without any schema."""
    name = f"ventanilla_empty_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute(f'CREATE DATABASE "{name}"')
    yield with_path(servers.database_url, name)
    await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await connection.close()


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(empty_url)
    yield connection
    await connection.close()


async def start_migrating(url: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.operations", "migrate"),
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "LOG_FORMAT": "json"},
        stdout=asyncio.subprocess.DEVNULL,
    )


async def tables(connection: asyncpg.Connection) -> set[str]:
    return {row["table_name"] for row in await connection.fetch(FIND_TABLES)}


async def expect_waiting(connection: asyncpg.Connection, count: int) -> None:
    async def waiting() -> None:
        assert await connection.fetchval(COUNT_WAITING) == count

    await eventually(waiting)


async def test_migrating_twice_applies_each_migration_once(empty_url: str) -> None:
    assert await asyncio.to_thread(migrate, empty_url) == ALL
    assert await asyncio.to_thread(migrate, empty_url) == []


async def test_two_at_once_apply_each_migration_once(empty_url: str) -> None:
    applied = await asyncio.gather(*(asyncio.to_thread(migrate, empty_url) for _ in range(4)))

    assert sorted(name for names in applied for name in names) == ALL


async def test_one_that_is_killed_half_way_leaves_nothing_and_the_next_goes_on(
    empty_url: str, empty: asyncpg.Connection
) -> None:
    blocker = await asyncpg.connect(empty_url)
    blocking = blocker.transaction()
    await blocking.start()
    # The migration has made its first tables when it meets this one.
    await blocker.execute("CREATE TABLE messages (id integer)")
    first = await start_migrating(empty_url)
    await expect_waiting(empty, 1)
    second = await start_migrating(empty_url)
    await expect_waiting(empty, 2)

    first.send_signal(signal.SIGKILL)
    await first.wait()
    await blocking.rollback()
    await blocker.close()

    assert await asyncio.wait_for(second.wait(), 30) == 0
    assert {"contacts", "messages", "outbox"} <= await tables(empty)
    assert await asyncio.to_thread(migrate, empty_url) == []


async def test_one_that_is_killed_leaves_no_half_of_a_migration(
    empty_url: str, empty: asyncpg.Connection
) -> None:
    blocker = await asyncpg.connect(empty_url)
    blocking = blocker.transaction()
    await blocking.start()
    await blocker.execute("CREATE TABLE messages (id integer)")
    killed = await start_migrating(empty_url)
    await expect_waiting(empty, 1)

    killed.send_signal(signal.SIGKILL)
    await killed.wait()
    await blocking.rollback()
    await blocker.close()

    async def nobody_is_left() -> None:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        assert await empty.fetchval(others) == 1

    await eventually(nobody_is_left)
    assert await tables(empty) == set()
    assert await asyncio.to_thread(migrate, empty_url) == ALL


async def test_a_lock_that_a_killed_migration_left_behind_is_broken(
    empty_url: str, empty: asyncpg.Connection
) -> None:
    await asyncio.to_thread(migrate, empty_url)
    await empty.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, now(), 999999)")

    assert await asyncio.to_thread(migrate, empty_url) == []


async def test_a_migration_that_fails_says_so_and_leaves_nothing(
    empty_url: str, empty: asyncpg.Connection
) -> None:
    await empty.execute("CREATE TABLE messages (id integer)")

    failed = await start_migrating(empty_url)

    assert await failed.wait() == 1
    assert await tables(empty) == {"messages"}


async def test_a_clone_of_the_template_is_analysed(database: asyncpg.Connection) -> None:
    known = await database.fetchval("SELECT reltuples FROM pg_class WHERE relname = 'tickets'")
    assert known >= 0  # -1 is what PostgreSQL says of a table that it has never looked at
