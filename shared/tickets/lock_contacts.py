"""Lock contacts: whoever changes a contact's tickets, messages or outbox does this first.

Lock order, for everyone: addresses (inserted in value order), contacts (in id order), addresses
read again, wamids (`lock_wamids`), tickets, messages (in id order). In trials, leaving it out
anywhere gave deadlocks.
"""

from collections.abc import Iterable
from datetime import datetime

from shared.database.transaction import Transaction

# FOR NO KEY UPDATE lets rows that refer to the contact be inserted meanwhile.
LOCK_CONTACTS = """
SELECT id FROM contacts WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""

READ_CLOCK = "SELECT clock_timestamp()"


async def lock_contacts(tx: Transaction, contact_ids: Iterable[int]) -> datetime:
    """Lock the contacts and give PostgreSQL's clock, read after all locks are held (R6)."""
    await tx.connection.execute(LOCK_CONTACTS, sorted(set(contact_ids)))
    now: datetime = await tx.connection.fetchval(READ_CLOCK)
    return now
