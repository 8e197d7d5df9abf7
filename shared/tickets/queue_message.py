"""Write outgoing messages and put them into the outbox, where a sender takes them in order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from shared.database.transaction import Transaction
from shared.domain.ticket import whole_second_down

Purpose = Literal["opening", "closing", "reopened", "refused"]

# Ids are given out in the order of the arrays: a contact's messages are sent in id order.
INSERT_OUTBOUND = """
INSERT INTO messages (ticket_id, direction, author, kind, purpose, text, sent_at, received_at,
                      delivery)
SELECT ticket_id, 'outbound', author, kind, purpose, body, $6, $7, delivery
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $8::text[])
     WITH ORDINALITY AS new (ticket_id, author, kind, purpose, body, delivery, place)
ORDER BY place
RETURNING id
"""

# Only the first row of a contact gets a due time; finishing it dates the next.
INSERT_OUTBOX = """
INSERT INTO outbox (message_id, contact_id, next_attempt_at)
SELECT message_id, contact_id,
       CASE WHEN row_number() OVER (PARTITION BY contact_id ORDER BY message_id) = 1
             AND NOT EXISTS (SELECT FROM outbox AS waiting
                             WHERE waiting.contact_id = new.contact_id)
            THEN $3::timestamptz END
FROM unnest($1::bigint[], $2::bigint[]) AS new (message_id, contact_id)
"""

OUTBOX_CHANNEL = "outbox"
# A hint only: PostgreSQL delivers it when the transaction commits, and senders poll besides.
NOTIFY_SENDERS = f"SELECT pg_notify('{OUTBOX_CHANNEL}', '')"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to a contact; `purpose` None: an agent wrote it."""

    ticket_id: int
    contact_id: int
    author: str
    text: str | None
    purpose: Purpose | None = None
    kind: str = "text"
    """That of its file, whose caption the text is; `queue_files` writes the file."""


async def queue_messages(tx: Transaction, outgoing: Sequence[Outgoing], now: datetime) -> list[int]:
    """Write the messages, wake a sender once, and give the messages' ids in the same order."""
    if not outgoing:
        return []
    ids = await _insert(tx, outgoing, "pending", now)
    await tx.connection.execute(INSERT_OUTBOX, ids, [one.contact_id for one in outgoing], now)
    await tx.connection.execute(NOTIFY_SENDERS)
    for message_id, one in zip(ids, outgoing, strict=True):
        tx.log(
            "message.queued", ticket_id=one.ticket_id, message_id=message_id, purpose=one.purpose
        )
    return ids


async def write_note(tx: Transaction, note: Outgoing, now: datetime) -> int:
    """Write what an agent notes on a telephone or e-mail ticket; nothing is sent."""
    return (await _insert(tx, [replace(note, kind="note")], None, now))[0]


async def _insert(
    tx: Transaction,
    outgoing: Sequence[Outgoing],
    delivery: str | None,
    now: datetime,
) -> list[int]:
    rows = await tx.connection.fetch(
        INSERT_OUTBOUND,
        [one.ticket_id for one in outgoing],
        [one.author for one in outgoing],
        [one.kind for one in outgoing],
        [one.purpose for one in outgoing],
        [one.text for one in outgoing],
        whole_second_down(now),
        now,
        [delivery] * len(outgoing),
    )
    # RETURNING follows the order of insertion here; sorting makes it independent of the plan.
    return sorted(row["id"] for row in rows)
