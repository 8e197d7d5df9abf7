"""Close the tickets whose grace period is over (R6)."""

import asyncio

from shared.database.pool import BY_KEY, Pool
from shared.database.transaction import transaction
from shared.tickets.close_ticket import close_tickets

BATCH = 500
# Where one batch is not enough, so many are under way at once: while the lines of one are logged
# and another waits for its commit, PostgreSQL closes a third. Below the size of the pool, so that
# the other chores get on, too.
AT_ONCE = 3

# A contact that somebody else works on is met again a moment later.
LOCK_DUE_CONTACTS = """
SELECT contacts.id FROM tickets JOIN contacts ON contacts.id = tickets.contact_id
WHERE tickets.status = 'closing' AND tickets.closes_at <= clock_timestamp()
ORDER BY tickets.closes_at LIMIT $1
FOR NO KEY UPDATE OF contacts SKIP LOCKED
"""

# Read after the lock: what was due may have been reopened or closed in between.
FIND_DUE_TICKETS = """
SELECT id FROM tickets
WHERE contact_id = ANY($1::bigint[]) AND status = 'closing' AND closes_at <= clock_timestamp()
"""

# Where plans are always custom, so is that of the foreign key's check, made anew for each row of
# the audit log: a third of all that PostgreSQL did here. None that was made while the table was
# small shall read all of it later.
KEEP_PLANS = "; ".join(f"SET LOCAL {name} = {value}" for name, value in BY_KEY.items())


async def close_due_tickets(pool: Pool) -> int:
    """Close all that are due, in batches; give how many that were."""
    met, closed = await _close_batch(pool)
    if met == BATCH:
        lines = (_close_batches(pool) for _ in range(AT_ONCE))
        # All of them end before one's failure is told.
        for more in await asyncio.gather(*lines, return_exceptions=True):
            if isinstance(more, BaseException):
                raise more
            closed += more
    return closed


async def _close_batches(pool: Pool) -> int:
    """Close batch after batch, until one is not full."""
    met, closed = BATCH, 0
    while met == BATCH:
        met, more = await _close_batch(pool)
        closed += more
    return closed


async def _close_batch(pool: Pool) -> tuple[int, int]:
    """Give how many contacts with a due ticket were met, and how many tickets that closed."""
    async with transaction(pool) as tx:
        locked = await tx.connection.fetch(LOCK_DUE_CONTACTS, BATCH)
        if not locked:
            return 0, 0
        due = await tx.connection.fetch(FIND_DUE_TICKETS, [row["id"] for row in locked])
        await tx.connection.execute(KEEP_PLANS)
        closed = await close_tickets(tx, [row["id"] for row in due], "scheduler")
    return len(locked), closed
