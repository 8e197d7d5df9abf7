"""Purge the ledger: first the raw JSON, which is personal, and much later the keys.

A key must outlive the seven days for which Meta sends a webhook again; a message keeps its own.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from shared.database.pool import Pool

# A transaction of some hundredths of a second, so that nobody waits for it.
BATCH = 2_000

# Both walk along an index of the time (migration 0004). What another purge has in its hands, or a
# replay, is passed over: its turn comes.
PURGE_RAW = """
WITH old AS MATERIALIZED (
    SELECT item_id FROM received_events
    WHERE raw IS NOT NULL AND received_at < now() - $1::interval
    ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED),
purged AS (
    UPDATE received_events SET raw = NULL
    WHERE item_id = ANY(ARRAY(SELECT item_id FROM old)) RETURNING 1)
SELECT count(*) FROM purged
"""

DELETE_KEYS_WITHOUT_RAW = """
WITH old AS MATERIALIZED (
    SELECT item_id FROM received_events
    WHERE raw IS NULL AND received_at < now() - $1::interval
    ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED),
deleted AS (
    DELETE FROM received_events WHERE item_id = ANY(ARRAY(SELECT item_id FROM old)) RETURNING 1)
SELECT count(*) FROM deleted
"""

DELETE_KEYS_WITH_RAW = """
WITH old AS MATERIALIZED (
    SELECT item_id FROM received_events
    WHERE raw IS NOT NULL AND received_at < now() - $1::interval
    ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED),
deleted AS (
    DELETE FROM received_events WHERE item_id = ANY(ARRAY(SELECT item_id FROM old)) RETURNING 1)
SELECT count(*) FROM deleted
"""

DELETE_SUSPECTS = """
WITH old AS MATERIALIZED (
    SELECT item_id FROM suspects WHERE first_at < now() - $1::interval
    LIMIT $2 FOR UPDATE SKIP LOCKED),
deleted AS (
    DELETE FROM suspects WHERE item_id = ANY(ARRAY(SELECT item_id FROM old)) RETURNING 1)
SELECT count(*) FROM deleted
"""

# Changes of addresses whose contact never came, and marks whose message never did.
DELETE_CHANGES = """
WITH old AS MATERIALIZED (
    SELECT event_key FROM identity_changes WHERE kept_at < now() - $1::interval
    LIMIT $2 FOR UPDATE SKIP LOCKED),
deleted AS (
    DELETE FROM identity_changes
    WHERE event_key = ANY(ARRAY(SELECT event_key FROM old)) RETURNING 1)
SELECT count(*) FROM deleted
"""
DELETE_MARKS = """
WITH old AS MATERIALIZED (
    SELECT event_key FROM message_marks
    WHERE message_id IS NULL AND sent_at < now() - $1::interval
    LIMIT $2 FOR UPDATE SKIP LOCKED),
deleted AS (
    DELETE FROM message_marks WHERE event_key = ANY(ARRAY(SELECT event_key FROM old)) RETURNING 1)
SELECT count(*) FROM deleted
"""


@dataclass(frozen=True, slots=True)
class Purged:
    """How many rows lost their raw JSON, and how many went altogether."""

    raw: int
    rows: int


async def purge_ledger(
    pool: Pool, *, raw_kept: timedelta, keys_kept: timedelta, stopping: asyncio.Event | None = None
) -> Purged:
    """Purge in batches, each a transaction of its own, until nothing is left or `stopping` is set.

    What ingress received so long ago, or longer. Rows go first: they need not lose their raw JSON
    before.
    """
    without_raw = await _in_batches(pool, DELETE_KEYS_WITHOUT_RAW, keys_kept, stopping)
    with_raw = await _in_batches(pool, DELETE_KEYS_WITH_RAW, keys_kept, stopping)
    for statement in (DELETE_SUSPECTS, DELETE_CHANGES, DELETE_MARKS):
        await _in_batches(pool, statement, keys_kept, stopping)
    raw = await _in_batches(pool, PURGE_RAW, raw_kept, stopping)
    return Purged(raw, without_raw + with_raw)


async def _in_batches(
    pool: Pool, statement: str, kept: timedelta, stopping: asyncio.Event | None
) -> int:
    done = 0
    while stopping is None or not stopping.is_set():
        batch: int = await pool.fetchval(statement, kept, BATCH)
        done += batch
        if batch < BATCH:
            break
    return done
