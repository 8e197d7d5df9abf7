"""Close the tickets whose grace period is over (R6)."""

from shared.database.pool import Pool
from shared.database.transaction import transaction
from shared.tickets.close_ticket import close_tickets

BATCH = 500

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


async def close_due_tickets(pool: Pool) -> int:
    """Close all that are due, in batches; give how many that were."""
    closed = 0
    while True:
        async with transaction(pool) as tx:
            locked = await tx.connection.fetch(LOCK_DUE_CONTACTS, BATCH)
            due = await tx.connection.fetch(FIND_DUE_TICKETS, [row["id"] for row in locked])
            closed += await close_tickets(tx, [row["id"] for row in due], "scheduler")
        if len(locked) < BATCH:
            return closed
