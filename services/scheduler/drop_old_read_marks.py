"""Drop the read marks of messages that are too old to be marked: nothing can come after them."""

from datetime import timedelta

from shared.database.pool import Pool
from shared.domain.read_mark import OLDEST_TO_MARK

# What is still due, the sender gives up by itself, and says so.
_LATER = timedelta(days=1)

DROP_MARKS = """
DELETE FROM read_marks WHERE contact_id = ANY(ARRAY(
    SELECT contact_id FROM read_marks WHERE sent_at < now() - $1::interval
    LIMIT 5000 FOR UPDATE SKIP LOCKED
))
RETURNING contact_id
"""


async def drop_old_read_marks(pool: Pool) -> int:
    """Drop up to 5000 of them; give how many."""
    return len(await pool.fetch(DROP_MARKS, OLDEST_TO_MARK + _LATER))
