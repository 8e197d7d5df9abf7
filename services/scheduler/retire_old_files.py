"""Delete the bytes of files whose tickets were closed long enough ago."""

import asyncio
from datetime import timedelta

from shared.database.pool import Pool
from shared.tickets.retire_files import retire_files


async def retire_old_files(pool: Pool, kept: timedelta | None, stopping: asyncio.Event) -> int:
    """Retire all that is old enough, if anything is; give how many files that were."""
    return 0 if kept is None else await retire_files(pool, kept, stopping)
