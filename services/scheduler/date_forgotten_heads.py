"""Date the first message of contacts for whom nothing is dated or under way: a last net.

Whoever finishes a message dates the next one. Where an older version of a service did not know of
a join of two contacts, that may have been left undone, and nobody would send to that contact.
"""

from shared.database.pool import Pool
from shared.database.transaction import transaction
from shared.tickets.date_next_message import date_next_messages
from shared.tickets.lock_contacts import lock_contacts

FIND_FORGOTTEN = """
SELECT contact_id FROM outbox GROUP BY contact_id
HAVING bool_and(state = 'queued' AND next_attempt_at IS NULL) LIMIT 500
"""


async def date_forgotten_heads(pool: Pool) -> int:
    """Date them; give how many contacts that were."""
    rows = await pool.fetch(FIND_FORGOTTEN)
    if not rows:
        return 0
    contacts = [row["contact_id"] for row in rows]
    async with transaction(pool) as tx:
        now = await lock_contacts(tx, contacts)
        await date_next_messages(tx, contacts, now)
    return len(contacts)
