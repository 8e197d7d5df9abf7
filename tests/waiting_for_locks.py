"""See from outside that sessions of the test's database wait for another one's lock."""

from shared.database.pool import Pool

COUNT_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def somebody_waits(pool: Pool, sessions: int = 1) -> None:
    """Fail unless so many wait; by the pool, since a transaction goes on seeing what it saw."""
    assert await pool.fetchval(COUNT_WAITING) >= sessions
