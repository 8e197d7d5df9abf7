"""Put messages back into the outbox that WhatsApp has failed, before what waits behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.database.transaction import Transaction
from shared.tickets.date_next_message import date_next_messages
from shared.tickets.queue_message import NOTIFY_SENDERS

# Only the first row of a contact has a due time.
UNDATE = """
UPDATE outbox SET next_attempt_at = NULL WHERE contact_id = ANY($1::bigint[]) AND state = 'queued'
"""

# An attempt has a number of its own for ever: a sender that was given up may still record an
# earlier one. One that is under way decides for itself.
QUEUE_AGAIN = """
INSERT INTO outbox (message_id, contact_id, attempts)
SELECT messages.id, again.contact_id, messages.send_attempts
FROM unnest($1::bigint[], $2::bigint[]) AS again (message_id, contact_id)
JOIN messages ON messages.id = again.message_id
ON CONFLICT (message_id) DO UPDATE
SET state = 'queued', attempts = outbox.attempts + 1, lease_until = NULL, unknown_since = NULL,
    next_attempt_at = NULL
WHERE outbox.state <> 'sending' OR outbox.lease_until <= $3
"""

DELAY = """
UPDATE outbox SET next_attempt_at = later.due
FROM unnest($1::bigint[], $2::timestamptz[]) AS later (message_id, due)
WHERE outbox.message_id = later.message_id AND outbox.next_attempt_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Again:
    """A message that is sent once more."""

    message_id: int
    contact_id: int
    delay: timedelta = timedelta()


async def queue_again(tx: Transaction, again: Sequence[Again], now: datetime) -> None:
    """Queue the messages; the caller has locked the contacts and set their deliveries."""
    message_ids = [one.message_id for one in again]
    contacts = [one.contact_id for one in again]
    await tx.connection.execute(UNDATE, contacts)
    await tx.connection.execute(QUEUE_AGAIN, message_ids, contacts, now)
    await date_next_messages(tx, contacts, now)
    await tx.connection.execute(DELAY, message_ids, [now + one.delay for one in again])
    await tx.connection.execute(NOTIFY_SENDERS)
