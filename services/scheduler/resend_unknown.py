"""Send again what is still unknown after statuses have had their time to come (R17)."""

from datetime import timedelta

from shared.database.pool import Pool
from shared.database.transaction import transaction
from shared.tickets.lock_contacts import READ_CLOCK
from shared.tickets.queue_message import NOTIFY_SENDERS
from shared.tickets.record_actions import Action, record_actions

BATCH = 500
# Without any status of other messages, silence proves nothing; so long is waited at the most.
MOST_WAITS = 4

# Due: the time is over and other messages' statuses have arrived since, or it is over four times.
_DUE = """
outbox.state = 'unknown' AND (
    (outbox.unknown_since <= clock_timestamp() - $1::interval
     AND (SELECT last_status_at FROM status_traffic) > outbox.unknown_since)
    OR outbox.unknown_since <= clock_timestamp() - $1::interval * $2)
"""

LOCK_CONTACTS_OF_UNKNOWN = f"""
SELECT contacts.id FROM outbox JOIN contacts ON contacts.id = outbox.contact_id
WHERE {_DUE}
ORDER BY outbox.unknown_since LIMIT $3
FOR NO KEY UPDATE OF contacts SKIP LOCKED
"""  # noqa: S608  a constant

RESEND = f"""
UPDATE outbox SET state = 'queued', unknown_since = NULL,
       next_attempt_at = CASE WHEN NOT EXISTS (
           SELECT FROM outbox AS earlier WHERE earlier.contact_id = outbox.contact_id
           AND earlier.message_id < outbox.message_id) THEN clock_timestamp() END
WHERE {_DUE} AND contact_id = ANY($3::bigint[])
RETURNING message_id, attempts
"""  # noqa: S608  a constant

COUNT_RESENDS = """
UPDATE messages SET resends = resends + 1 WHERE id = ANY($1::bigint[]) RETURNING id, ticket_id
"""


async def resend_unknown(pool: Pool, wait: timedelta) -> int:
    """Queue unknown messages again; give how many that were."""
    async with transaction(pool) as tx:
        locked = await tx.connection.fetch(LOCK_CONTACTS_OF_UNKNOWN, wait, MOST_WAITS, BATCH)
        if not locked:
            return 0
        contacts = [row["id"] for row in locked]
        again = await tx.connection.fetch(RESEND, wait, MOST_WAITS, contacts)
        for row in again:
            tx.log("send.resend", message_id=row["message_id"], attempt=row["attempts"] + 1)
        now = await tx.connection.fetchval(READ_CLOCK)
        counted = await tx.connection.fetch(COUNT_RESENDS, [row["message_id"] for row in again])
        await record_actions(
            tx,
            [Action(row["ticket_id"], now, "system", "resent", str(row["id"])) for row in counted],
        )
        await tx.connection.execute(NOTIFY_SENDERS)
    return len(again)
