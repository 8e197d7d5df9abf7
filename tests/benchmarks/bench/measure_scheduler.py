"""scheduler: 100,000 tickets due at once, against a bare UPDATE in the same batches."""

import asyncio
import json
from time import monotonic

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from services.scheduler.close_due_tickets import AT_ONCE, BATCH
from tests.benchmarks.bench.stage import Stage
from tests.benchmarks.bench.turns import Bar, Section
from tests.eventually import eventually

TICKETS = 100_000

MAKE_CONTACTS = """
INSERT INTO contacts (profile_name, last_inbound_at)
SELECT 'Citizen ' || number, now() - interval '1 day' FROM generate_series(1, $1::int) AS number
"""
MAKE_TICKETS = """
INSERT INTO tickets (number, contact_id, channel, status, opened_at, closing_at,
                     closing_message_id, closes_at)
SELECT '2026-' || lpad(id::text, 6, '0'), id, 'whatsapp', 'closing', now() - interval '1 day',
       now() - interval '1 hour', 1, date_trunc('second', now() - interval '10 minutes')
FROM contacts
"""
FORGET_CHANGES = "TRUNCATE changes"
COUNT_CLOSING = "SELECT count(*) FROM tickets WHERE status = 'closing'"
CLOSE_BATCH = """
UPDATE tickets SET status = 'closed', closed_at = closes_at
WHERE id IN (SELECT id FROM tickets WHERE status = 'closing' AND closes_at <= clock_timestamp()
             ORDER BY closes_at LIMIT $1)
"""
CLOSE_BATCH_BESIDE_OTHERS = """
UPDATE tickets SET status = 'closed', closed_at = closes_at
WHERE id IN (SELECT id FROM tickets WHERE status = 'closing' AND closes_at <= clock_timestamp()
             ORDER BY closes_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED)
"""

OURS, BARE = "scheduler", "bare UPDATE in batches"
BARE_AT_ONCE = f"the same by {AT_ONCE} connections"


async def measure_scheduler(stage: Stage, turns: int) -> Section:
    """Compare; each turn has a fresh clone of a database with the due tickets."""
    section = Section(f"scheduler, {TICKETS:,} tickets due at once", "tickets/s")
    async with stage.place() as place:
        await _make_due(place.database_url)
        due = stage.with_template(place.database_url)
        sides = {
            OURS: lambda: _ours(due),
            BARE: lambda: _bare(due, CLOSE_BATCH, 1),
            BARE_AT_ONCE: lambda: _bare(due, CLOSE_BATCH_BESIDE_OTHERS, AT_ONCE),
        }
        await section.take_turns(sides, turns)
    section.compare(Bar("scheduler ÷ bare UPDATE", OURS, BARE, 0.8))
    section.compare(Bar(f"scheduler ÷ {BARE_AT_ONCE}", OURS, BARE_AT_ONCE, None))
    section.notes.append(f"batches of {BATCH} on all sides, the same indexes and triggers")
    section.notes.append(f"the scheduler has {AT_ONCE} batches under way, as the last side has")
    return section


async def _make_due(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(MAKE_CONTACTS, TICKETS)
    await connection.execute(MAKE_TICKETS)
    await connection.execute(FORGET_CHANGES)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def _ours(stage: Stage) -> float:
    """Give the rate that the scheduler itself logs when all are closed."""
    async with stage.place() as place:
        database = await asyncpg.connect(place.database_url)
        process = await place.start("scheduler", wait=False)

        async def closed() -> None:
            assert await database.fetchval(COUNT_CLOSING) == 0

        async def told() -> float:
            lines = [json.loads(line) for line in process.log_file.read_text().splitlines()
                     if "close_due_tickets" in line]  # fmt: skip
            assert sum(one["rows"] for one in lines) == TICKETS
            return sum(float(one["took_ms"]) for one in lines)

        await eventually(closed, within=120, every=0.5)
        await database.close()
        return 1000 * TICKETS / await eventually(told)


async def _bare(stage: Stage, statement: str, at_once: int) -> float:
    async with stage.place() as place:
        connections = [await asyncpg.connect(place.database_url) for _ in range(at_once)]
        prepared = [await one.prepare(statement) for one in connections]

        async def close_batches(batches: PreparedStatement) -> None:
            closed = BATCH
            while closed == BATCH:
                await batches.fetch(BATCH)
                closed = int(str(batches.get_statusmsg()).removeprefix("UPDATE "))

        began = monotonic()
        await asyncio.gather(*(close_batches(one) for one in prepared))
        took = monotonic() - began
        assert await connections[0].fetchval(COUNT_CLOSING) == 0
        for one in connections:
            await one.close()
        return TICKETS / took
