"""Messages that wait in the outbox, written without the services that would write them."""

from dataclasses import dataclass
from datetime import timedelta

import asyncpg

grace = timedelta(minutes=30)

WRITE_CONTACT = """
WITH person AS (
    INSERT INTO contacts (profile_name, last_inbound_at) VALUES ('x', now()) RETURNING id
), address AS (
    INSERT INTO contact_addresses (kind, value, contact_id)
    SELECT 'phone', '346001' || lpad(id::text, 5, '0'), id FROM person
)
INSERT INTO tickets (number, contact_id, channel, status, opened_at)
SELECT 'wait-' || id, id, 'whatsapp', 'open', now() FROM person RETURNING id, contact_id
"""
WRITE_MESSAGES = """
INSERT INTO messages (ticket_id, direction, author, kind, text, sent_at, received_at, delivery)
SELECT $1, 'outbound', 'ana', 'text', 'x', now(), now(), 'pending' FROM generate_series(1, $2)
RETURNING id
"""
WRITE_OUTBOX = """
INSERT INTO outbox (message_id, contact_id, next_attempt_at)
SELECT id, $1, CASE WHEN id = $3 THEN now() END FROM unnest($2::bigint[]) AS id
"""


@dataclass(frozen=True)
class Waiting:
    """A contact with an open window, and what an agent has written to him."""

    contact_id: int
    messages: list[int]


async def write_waiting(database: asyncpg.Connection, *, messages: int) -> Waiting:
    """Write a contact with so many messages in the outbox, the first of them due."""
    ticket = await database.fetchrow(WRITE_CONTACT)
    assert ticket is not None
    rows = await database.fetch(WRITE_MESSAGES, ticket["id"], messages)
    ids = sorted(row["id"] for row in rows)
    await database.execute(WRITE_OUTBOX, ticket["contact_id"], ids, ids[0])
    return Waiting(ticket["contact_id"], ids)
