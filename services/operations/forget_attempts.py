"""Forget how often workers died of an item, so that a replay is a fresh start."""

from collections.abc import Sequence
from uuid import UUID

from shared.database.pool import Pool

DELETE_SUSPECTS = "DELETE FROM suspects WHERE item_id = ANY($1::uuid[])"


async def forget_attempts(pool: Pool, items: Sequence[UUID]) -> None:
    """Delete the counts; otherwise an old count would bury the item before it is begun."""
    await pool.execute(DELETE_SUSPECTS, items)
