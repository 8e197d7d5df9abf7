"""See from outside that a session of the test's database waits for another one's lock."""

from shared.database.pool import Pool

COUNT_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def somebody_waits(pool: Pool) -> None:
    """Fail unless somebody waits; by the pool, since a transaction goes on seeing what it saw."""
    assert await pool.fetchval(COUNT_WAITING) >= 1
