"""Drop what the desk's event stream need not tell any more."""

from datetime import timedelta

from shared.database.pool import Pool

# Whoever was away for longer reads the desk anew.
KEPT = timedelta(days=1)
BATCH = 5_000

# In the order of the primary key, which is almost that of time: so no index on the time is needed.
DELETE_OLD_CHANGES = """
WITH oldest AS (SELECT xid, id, at FROM changes ORDER BY xid, id LIMIT $2),
     deleted AS (
         DELETE FROM changes USING oldest
         WHERE changes.xid = oldest.xid AND changes.id = oldest.id
           AND oldest.at < clock_timestamp() - $1::interval
         RETURNING 1)
SELECT count(*) FROM deleted
"""


async def drop_old_changes(pool: Pool) -> int:
    """Delete the rows that are older than a day, in batches; give how many."""
    deleted = 0
    while True:
        batch: int = await pool.fetchval(DELETE_OLD_CHANGES, KEPT, BATCH)
        deleted += batch
        if batch < BATCH:
            return deleted
