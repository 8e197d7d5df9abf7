"""Queue the notices about files that were not taken, once they are due (R11)."""

from collections.abc import Sequence

from shared.database.pool import Pool
from shared.database.transaction import transaction
from shared.texts import Texts
from shared.tickets.lock_contacts import READ_CLOCK
from shared.tickets.tell_untaken import queue_due_notices

BATCH = 500

LOCK_DUE_CONTACTS = """
SELECT contacts.id FROM tickets JOIN contacts ON contacts.id = tickets.contact_id
WHERE tickets.refusal_notice_at <= clock_timestamp()
ORDER BY tickets.refusal_notice_at LIMIT $1
FOR NO KEY UPDATE OF contacts SKIP LOCKED
"""


async def queue_refusal_notices(pool: Pool, texts: Texts, formats: Sequence[str]) -> int:
    """Queue what is due; give how many notices that were."""
    async with transaction(pool) as tx:
        locked = await tx.connection.fetch(LOCK_DUE_CONTACTS, BATCH)
        if not locked:
            return 0
        now = await tx.connection.fetchval(READ_CLOCK)
        contacts = [row["id"] for row in locked]
        return await queue_due_notices(tx, contacts, now, texts, formats)
