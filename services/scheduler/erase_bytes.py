"""Erase bytes that no file has: announced and never taken, or of files whose time is over.

First the row says that they are being erased, then the store erases them, then the row goes. Who
dies in between leaves a row that is due again, and erasing twice does no harm.
"""

from datetime import timedelta

from shared.database.pool import Pool
from shared.errors import OutsideAwayError
from shared.media.store import MediaStore

BATCH = 100
AGAIN_AFTER = timedelta(minutes=1)
# One that the store refuses waits for longer, so that it holds up no other.
REFUSED_AGAIN_AFTER = timedelta(minutes=10)

CLAIM_BYTES = """
UPDATE unnamed_bytes SET erasing = true, erase_at = clock_timestamp() + $2::interval
WHERE bytes_key = ANY(ARRAY(
    SELECT bytes_key FROM unnamed_bytes WHERE erase_at <= clock_timestamp()
    ORDER BY erase_at LIMIT $1 FOR UPDATE SKIP LOCKED))
RETURNING bytes_key
"""

PUT_OFF = """
UPDATE unnamed_bytes SET erase_at = clock_timestamp() + $2::interval WHERE bytes_key = $1
"""

FORGET = "DELETE FROM unnamed_bytes WHERE bytes_key = ANY($1::text[])"


async def erase_bytes(pool: Pool, store: MediaStore) -> int:
    """Erase what is due, up to a hundred; give how many.

    Raises OutsideAwayError, with the rest left for later, where the store does not answer.
    """
    claimed = await pool.fetch(CLAIM_BYTES, BATCH, AGAIN_AFTER)
    erased: list[str] = []
    try:
        for key in sorted(row["bytes_key"] for row in claimed):
            try:
                await store.drop(key)
            except OutsideAwayError:
                await pool.execute(PUT_OFF, key, REFUSED_AGAIN_AFTER)
                raise
            erased.append(key)
    finally:
        if erased:
            await pool.execute(FORGET, erased)
    return len(erased)
