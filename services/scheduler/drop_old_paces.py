"""Drop the paces of contacts who have been sent nothing for long: they count no more."""

from shared.database.pool import Pool
from shared.domain.pace import MOST_AT_ONCE, PAIR_INTERVAL

DROP_PACES = """
DELETE FROM contact_paces WHERE contact_id = ANY(ARRAY(
    SELECT contact_id FROM contact_paces WHERE began_at < clock_timestamp() - $1::interval
    LIMIT 5000 FOR UPDATE SKIP LOCKED
))
RETURNING contact_id
"""


async def drop_old_paces(pool: Pool) -> int:
    """Drop up to 5000 of them; give how many."""
    # However large a burst was, it is paid for after twice as long.
    return len(await pool.fetch(DROP_PACES, 2 * MOST_AT_ONCE * PAIR_INTERVAL))
