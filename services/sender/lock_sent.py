"""Lock the contacts of messages that were sent: mostly those for whom they were taken."""

from collections.abc import Collection, Sequence
from datetime import datetime

from shared.database.transaction import Transaction
from shared.tickets.lock_contacts import LOCK_CONTACTS

# A later statement than the lock: its time is read after that, and a join that came before is seen.
FIND_CONTACTS = """
SELECT DISTINCT tickets.contact_id, statement_timestamp() AS now
FROM messages JOIN tickets ON tickets.id = messages.ticket_id WHERE messages.id = ANY($1::bigint[])
"""


async def lock_sent(
    tx: Transaction, contact_ids: Collection[int], message_ids: Sequence[int]
) -> tuple[datetime, set[int]]:
    """Lock these contacts; give the clock after that, and whose the messages are now.

    Where a contact was joined with another one since the taking (R13), that one is not locked, and
    nothing may be changed before it is.
    """
    await tx.connection.execute(LOCK_CONTACTS, sorted(contact_ids))
    rows = await tx.connection.fetch(FIND_CONTACTS, message_ids)
    return rows[0]["now"], {row["contact_id"] for row in rows}
