"""Take over sends whose sender has died or frozen: whether they went is unknown (R17)."""

from shared.database.pool import Pool
from shared.database.transaction import transaction
from shared.tickets.lock_contacts import READ_CLOCK
from shared.tickets.settle_proved import settle_proved

BATCH = 500

LOCK_CONTACTS_OF_LEASES = """
SELECT contacts.id FROM outbox JOIN contacts ON contacts.id = outbox.contact_id
WHERE outbox.state = 'sending' AND outbox.lease_until <= clock_timestamp()
ORDER BY outbox.lease_until LIMIT $1
FOR NO KEY UPDATE OF contacts SKIP LOCKED
"""

MARK_UNKNOWN = """
WITH lost AS (
    UPDATE outbox SET state = 'unknown', lease_until = NULL, unknown_since = clock_timestamp()
    WHERE contact_id = ANY($1::bigint[])
      AND state = 'sending' AND lease_until <= clock_timestamp()
    RETURNING message_id
)
UPDATE messages SET delivery = 'unknown' FROM lost WHERE messages.id = lost.message_id
RETURNING messages.id
"""


async def expire_leases(pool: Pool) -> int:
    """Mark sends whose lease is over; give how many that were."""
    async with transaction(pool) as tx:
        locked = await tx.connection.fetch(LOCK_CONTACTS_OF_LEASES, BATCH)
        if not locked:
            return 0
        contacts = [row["id"] for row in locked]
        now = await tx.connection.fetchval(READ_CLOCK)
        proved = await settle_proved(tx, contacts, now)
        lost = await tx.connection.fetch(MARK_UNKNOWN, contacts)
        for row in lost:
            tx.log("send.lease_over", message_id=row["id"])
    return proved + len(lost)
