"""Delete the bytes of files whose tickets were closed long ago, and keep the fact.

Here they are only given to the scheduler to be erased, in one transaction with what the file and
the ticket say of it: so nothing is forgotten, whoever dies or is away.
"""

import asyncio
from collections import Counter
from datetime import timedelta

from shared.database.pool import Pool
from shared.database.transaction import transaction
from shared.tickets.lock_contacts import READ_CLOCK
from shared.tickets.record_actions import Action, record_actions

BATCH = 500

# A closed ticket stays closed, and what is still to be sent keeps its file. First all contacts are
# asked, then those that are locked.
FIND_OLD = """
SELECT attachments.id, messages.ticket_id, tickets.contact_id
FROM attachments JOIN messages ON messages.id = attachments.message_id
JOIN tickets ON tickets.id = messages.ticket_id
WHERE attachments.storage_key IS NOT NULL
  AND tickets.status = 'closed' AND tickets.closed_at < now() - $1::interval
  AND NOT EXISTS (SELECT FROM outbox WHERE outbox.message_id = messages.id)
  AND ($2::bigint[] IS NULL OR tickets.contact_id = ANY($2::bigint[]))
ORDER BY attachments.id LIMIT $3
"""

# What somebody else works on has its turn tomorrow.
LOCK_CONTACTS = """
SELECT id FROM contacts WHERE id = ANY($1::bigint[]) FOR NO KEY UPDATE SKIP LOCKED
"""

# `erasing`: from here on these bytes are nobody's.
RETIRE = """
WITH given AS (
    INSERT INTO unnamed_bytes (bytes_key, erase_at, erasing)
    SELECT storage_key, $2, true FROM attachments WHERE id = ANY($1::bigint[]))
UPDATE attachments SET storage_key = NULL, bytes_deleted_at = $2 WHERE id = ANY($1::bigint[])
"""


async def retire_files(pool: Pool, kept: timedelta, stopping: asyncio.Event | None = None) -> int:
    """Retire what is old, in batches until nothing is left or `stopping` is set; give how many."""
    retired = 0
    while stopping is None or not stopping.is_set():
        batch = await _retire_batch(pool, kept)
        retired += batch
        if not batch:
            break
    return retired


async def _retire_batch(pool: Pool, kept: timedelta) -> int:
    async with transaction(pool) as tx:
        found = await tx.connection.fetch(FIND_OLD, kept, None, BATCH)
        contacts = {row["contact_id"] for row in found}
        locked = await tx.connection.fetch(LOCK_CONTACTS, contacts)
        now = await tx.connection.fetchval(READ_CLOCK)
        old = await tx.connection.fetch(FIND_OLD, kept, [row["id"] for row in locked], None)
        await tx.connection.execute(RETIRE, [row["id"] for row in old], now)
        files = Counter(row["ticket_id"] for row in old)
        for ticket_id, count in files.items():
            tx.log("ticket.files_deleted", ticket_id=ticket_id, files=count)
        await record_actions(
            tx, [Action(one, now, "system", "files_deleted", str(n)) for one, n in files.items()]
        )
    return len(old)
