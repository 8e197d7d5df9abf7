"""Taking work costs the same however much waits: 100,000 messages of 20,000 contacts."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import asyncpg

from services.sender.keep_pair_limit import HOLD_BACK
from services.sender.take_messages import FIND_HEADS, LEASE, LOCK_DUE_CONTACTS, TAKE_MESSAGES
from shared.database.pool import Pool
from shared.tickets.date_next_message import DATE_NEXT
from tests.integration.sender.waiting import write_backlog

LIMIT = 50
# An update of a row and of its indexes included; a scan of the backlog touches thousands in all.
MOST_PAGES_OF_A_MESSAGE = 25


async def test_a_long_backlog_is_taken_from_along_indexes(
    database: asyncpg.Connection, pool: Pool
) -> None:
    await write_backlog(database, contacts=20_000, each=5)

    due = [row["id"] for row in await pool.fetch(LOCK_DUE_CONTACTS, LIMIT)]
    assert len(due) == LIMIT
    await check_plans(pool, due)


async def test_a_contact_who_has_much_of_the_backlog_changes_nothing_of_that(
    database: asyncpg.Connection, pool: Pool
) -> None:
    """PostgreSQL knows how much that one has, and plans accordingly."""
    await write_backlog(database, contacts=20_000, each=5)
    flooded = await write_backlog(database, contacts=1, each=20_000)

    due = [row["id"] for row in await pool.fetch(LOCK_DUE_CONTACTS, LIMIT - 1)]
    await check_plans(pool, due + flooded)


async def check_plans(pool: Pool, due: list[int]) -> None:
    """Run what a sender runs for these contacts; only what it takes may be looked at."""
    now = datetime.now(UTC)
    heads = [row["message_id"] for row in await pool.fetch(FIND_HEADS, due)]
    statements: dict[str, tuple[Any, ...]] = {
        LOCK_DUE_CONTACTS: (len(due),),
        FIND_HEADS: (due,),
        HOLD_BACK: (heads, [now] * len(heads)),
        TAKE_MESSAGES: (heads, now + LEASE, due, [now] * len(due), [1] * len(due)),
        DATE_NEXT: (due, now),
    }
    for statement, arguments in statements.items():
        plan = await explain(pool, statement, *arguments)
        scans = [
            node["Node Type"] for node in nodes_of(plan) if node.get("Relation Name") == "outbox"
        ]
        assert "Seq Scan" not in scans, statement
        assert any("Index" in scan or "Bitmap" in scan for scan in scans), statement
        pages = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        assert pages <= MOST_PAGES_OF_A_MESSAGE * len(due), (pages, statement)


async def explain(pool: Pool, statement: str, *arguments: Any) -> dict[str, Any]:
    """Give the plan with which a sender's connection runs a statement; nothing is changed."""
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        told = await connection.fetchval(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *arguments
        )
        await transaction.rollback()
    plan: dict[str, Any] = json.loads(told)[0]["Plan"]
    return plan


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes_of(part)
