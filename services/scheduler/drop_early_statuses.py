"""Drop early statuses that nobody took: they are of another system on the same number."""

from shared.database.pool import Pool
from shared.database.transaction import transaction

BATCH = 1000

# An array, so that however many wait, the rows to drop are found by their keys.
DROP_EARLY = """
DELETE FROM early_statuses WHERE item_id = ANY(ARRAY(
    SELECT item_id FROM early_statuses WHERE kept_at < now() - interval '1 hour'
    ORDER BY kept_at LIMIT $1
    FOR UPDATE SKIP LOCKED
))
RETURNING item_id
"""


async def drop_early_statuses(pool: Pool) -> int:
    """Drop all that are older than an hour, in batches; give how many; the ledger keeps them."""
    dropped = 0
    while True:
        async with transaction(pool) as tx:
            rows = await tx.connection.fetch(DROP_EARLY, BATCH)
        dropped += len(rows)
        if len(rows) < BATCH:
            return dropped
