"""WhatsApp has refused free text, because its 24-hour window is closed (R16).

It may say so at once or hours later, in a status. What we wrote automatically goes once more, as
its template if there is one; what an agent wrote was not delivered, and says so.
"""

from collections.abc import Sequence
from datetime import datetime

from shared.database.transaction import Transaction
from shared.tickets.queue_again import Again, queue_again

# A template was refused, too: there is nothing else to try.
SET_UNDELIVERABLE = """
UPDATE messages SET delivery = 'undeliverable'
WHERE id = ANY($1::bigint[]) AND (purpose IS NULL OR as_template)
RETURNING id, purpose
"""
SET_AS_TEMPLATE = """
UPDATE messages SET delivery = 'pending', wamid = NULL, as_template = true
FROM tickets
WHERE messages.id = ANY($1::bigint[]) AND purpose IS NOT NULL AND NOT as_template
  AND tickets.id = messages.ticket_id
RETURNING messages.id, purpose, tickets.contact_id
"""


async def close_window(tx: Transaction, message_ids: Sequence[int], now: datetime) -> None:
    """Give up or queue anew what was refused; the caller has locked the contacts."""
    if not message_ids:
        return
    given_up = await tx.connection.fetch(SET_UNDELIVERABLE, message_ids)
    again = await tx.connection.fetch(SET_AS_TEMPLATE, message_ids)
    for row in given_up:
        tx.log("send.undeliverable", message_id=row["id"], purpose=row["purpose"])
    if not again:
        return
    await queue_again(tx, [Again(row["id"], row["contact_id"]) for row in again], now)
    for row in again:
        tx.log("send.window_closed", message_id=row["id"], purpose=row["purpose"])
