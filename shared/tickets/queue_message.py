"""Write outgoing messages and put them into the outbox, where a sender takes them in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.database.transaction import Transaction
from shared.domain.ticket import whole_second_down

Purpose = Literal["opening", "closing", "reopened", "refused"]

OUTBOX_CHANNEL = "outbox"
# A hint only: PostgreSQL delivers it when the transaction commits, and senders poll besides.
NOTIFY_SENDERS = f"SELECT pg_notify('{OUTBOX_CHANNEL}', '')"

# Ids are given out in the order of the arrays: a contact's messages are sent in id order. Only the
# first row of a contact gets a due time; finishing it dates the next.
INSERT_OUTGOING = """
WITH new AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('messages', 'id')) AS message_id, outgoing.*
    FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[])
         WITH ORDINALITY AS outgoing (ticket_id, contact_id, author, kind, purpose, body, place)
    ORDER BY place
), written AS (
    INSERT INTO messages (id, ticket_id, direction, author, kind, purpose, text, sent_at,
                          received_at, delivery)
    SELECT message_id, ticket_id, 'outbound', author, kind, purpose, body, $7, $8, 'pending'
    FROM new
), queued AS (
    INSERT INTO outbox (message_id, contact_id, next_attempt_at)
    SELECT message_id, contact_id,
           CASE WHEN row_number() OVER (PARTITION BY contact_id ORDER BY message_id) = 1
                 AND NOT EXISTS (SELECT FROM outbox AS waiting
                                 WHERE waiting.contact_id = new.contact_id)
                THEN $8::timestamptz END
    FROM new
), hint AS MATERIALIZED (
    SELECT pg_notify($9, '')
)
SELECT message_id FROM new CROSS JOIN hint ORDER BY message_id
"""

INSERT_NOTE = """
INSERT INTO messages (ticket_id, direction, author, kind, text, sent_at, received_at)
VALUES ($1, 'outbound', $2, 'note', $3, $4, $5)
RETURNING id
"""


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
    rows = await tx.connection.fetch(
        INSERT_OUTGOING,
        [one.ticket_id for one in outgoing],
        [one.contact_id for one in outgoing],
        [one.author for one in outgoing],
        [one.kind for one in outgoing],
        [one.purpose for one in outgoing],
        [one.text for one in outgoing],
        whole_second_down(now),
        now,
        OUTBOX_CHANNEL,
    )
    ids = [row["message_id"] for row in rows]
    for message_id, one in zip(ids, outgoing, strict=True):
        tx.log(
            "message.queued", ticket_id=one.ticket_id, message_id=message_id, purpose=one.purpose
        )
    return ids


async def write_note(tx: Transaction, note: Outgoing, now: datetime) -> int:
    """Write what an agent notes on a telephone or e-mail ticket; nothing is sent."""
    message_id: int = await tx.connection.fetchval(
        INSERT_NOTE, note.ticket_id, note.author, note.text, whole_second_down(now), now
    )
    return message_id
