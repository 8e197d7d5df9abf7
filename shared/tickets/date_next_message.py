"""Give the first waiting message of a contact its due time, once what was before it is done."""

from collections.abc import Iterable
from datetime import datetime

from shared.database.transaction import Transaction

DATE_NEXT = """
UPDATE outbox SET next_attempt_at = $2
FROM unnest($1::bigint[]) AS done (contact_id)
CROSS JOIN LATERAL (SELECT message_id FROM outbox AS waiting
                    WHERE waiting.contact_id = done.contact_id
                    ORDER BY waiting.message_id LIMIT 1) AS head
WHERE outbox.message_id = head.message_id
  AND outbox.state = 'queued' AND outbox.next_attempt_at IS NULL
"""


async def date_next_messages(tx: Transaction, contact_ids: Iterable[int], now: datetime) -> None:
    """Date the head of each contact's queue; a head that is under way or dated stays as it is."""
    await tx.connection.execute(DATE_NEXT, sorted(set(contact_ids)), now)
