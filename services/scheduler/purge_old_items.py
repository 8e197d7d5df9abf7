"""Purge what the ledger has kept for long enough."""

import asyncio
from datetime import timedelta

from shared.database.pool import Pool
from shared.tickets.purge_ledger import purge_ledger


async def purge_old_items(
    pool: Pool, raw_kept: timedelta, keys_kept: timedelta, stopping: asyncio.Event
) -> int:
    """Purge all that is old enough; give how many rows were changed or deleted."""
    purged = await purge_ledger(pool, raw_kept=raw_kept, keys_kept=keys_kept, stopping=stopping)
    return purged.raw + purged.rows
