"""Make the keys of bytes that are about to be stored, and write them down before.

Whoever dies between storing bytes and giving them to a file leaves a row that says so, and the
scheduler erases them. A file takes its bytes by taking the row away, in the transaction that names
them; once they are being erased that is too late, however slow it was.
"""

import secrets
from datetime import timedelta

from shared.database.pool import Pool
from shared.database.transaction import Transaction

# Storing takes minutes at the most. It is no matter of safety: see above.
TIME_TO_NAME = timedelta(days=1)
_KEY_BYTES = 16

ANNOUNCE = """
INSERT INTO unnamed_bytes (bytes_key, erase_at)
SELECT bytes_key, clock_timestamp() + $2::interval FROM unnest($1::text[]) AS new (bytes_key)
"""

TAKE = """
DELETE FROM unnamed_bytes WHERE bytes_key = ANY($1::text[]) AND NOT erasing RETURNING bytes_key
"""


async def announce_bytes(pool: Pool, count: int = 1) -> list[str]:
    """Give so many keys for the media store: random, and nothing from outside is in them."""
    keys = [secrets.token_hex(_KEY_BYTES) for _ in range(count)]
    await pool.execute(ANNOUNCE, keys, TIME_TO_NAME)
    return keys


async def take_bytes(tx: Transaction, keys: list[str]) -> bool:
    """Take the bytes for files that this transaction names; False where it is too late for any.

    Then the transaction must not be committed.
    """
    return len(await tx.connection.fetch(TAKE, keys)) == len(keys)
