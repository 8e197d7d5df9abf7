"""Have a contact see that an agent has opened what it wrote; the sender tells WhatsApp.

A mark says that its message was read and all before it, so only the newest of a ticket is marked,
and for each contact none that is older than the last one. Marks are no messages: they need neither
the contact's lock nor the outbox, and the newest replaces what is still waiting.
"""

from shared.database.transaction import Transaction
from shared.domain.read_mark import OLDEST_TO_MARK

# Only WhatsApp's tickets. One that was joined to another has no messages of the contact any more;
# one that is closed may have some that nobody has seen (R7).
REQUEST_MARK = """
INSERT INTO read_marks AS last (contact_id, message_id, sent_at, due_at)
SELECT tickets.contact_id, messages.id, messages.sent_at, clock_timestamp()
FROM tickets JOIN messages ON messages.ticket_id = tickets.id
WHERE tickets.id = $1 AND tickets.channel = 'whatsapp'
  AND messages.direction = 'inbound' AND messages.wamid IS NOT NULL
  AND messages.sent_at > clock_timestamp() - $2::interval
ORDER BY messages.sent_at DESC, messages.id DESC LIMIT 1
ON CONFLICT (contact_id) DO UPDATE
SET message_id = excluded.message_id, sent_at = excluded.sent_at, due_at = excluded.due_at,
    attempts = 0
WHERE (excluded.sent_at, excluded.message_id) > (last.sent_at, last.message_id)
RETURNING message_id
"""

# R13: of the two contacts' last marks the newer one stays.
MOVE_MARK = """
WITH gone AS (DELETE FROM read_marks WHERE contact_id = $1 RETURNING *)
INSERT INTO read_marks AS last (contact_id, message_id, sent_at, due_at, attempts)
SELECT $2, message_id, sent_at, due_at, attempts FROM gone
ON CONFLICT (contact_id) DO UPDATE
SET message_id = excluded.message_id, sent_at = excluded.sent_at, due_at = excluded.due_at,
    attempts = excluded.attempts
WHERE (excluded.sent_at, excluded.message_id) > (last.sent_at, last.message_id)
"""


async def request_read_mark(tx: Transaction, ticket_id: int) -> None:
    """Have the newest message of a ticket marked as read, unless it or a later one was already.

    The caller has locked the ticket's contact.
    """
    message_id = await tx.connection.fetchval(REQUEST_MARK, ticket_id, OLDEST_TO_MARK)
    if message_id is not None:
        tx.log("read_mark.queued", message_id=message_id)


async def move_read_mark(tx: Transaction, survivor: int, merged: int) -> None:
    """Keep the order of marks where two contacts, whom the caller has locked, become one."""
    await tx.connection.execute(MOVE_MARK, merged, survivor)
