"""Drop early statuses that nobody took: they are of another system on the same number."""

from shared.database.pool import Pool
from shared.database.transaction import transaction

BATCH = 1000

# By our own clock as well: one that waited in the queue for an hour, because the database was away,
# still gets its hour to be matched in. The ledger keeps the item.
DROP_EARLY = """
DELETE FROM early_statuses WHERE item_id IN (
    SELECT early.item_id
    FROM early_statuses AS early JOIN received_events USING (item_id)
    WHERE early.received_at < now() - interval '1 hour'
      AND received_events.recorded_at < now() - interval '1 hour'
    ORDER BY early.received_at LIMIT $1
    FOR UPDATE OF early SKIP LOCKED
)
RETURNING item_id
"""


async def drop_early_statuses(pool: Pool) -> int:
    """Drop all that are older than an hour, in batches; give how many that were."""
    dropped = 0
    while True:
        async with transaction(pool) as tx:
            rows = await tx.connection.fetch(DROP_EARLY, BATCH)
        dropped += len(rows)
        if len(rows) < BATCH:
            return dropped
