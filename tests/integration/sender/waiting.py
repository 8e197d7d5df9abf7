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

WRITE_CONTACTS = """
WITH person AS (
    INSERT INTO contacts (profile_name, last_inbound_at)
    SELECT 'x', now() FROM generate_series(1, $1) RETURNING id
), address AS (
    INSERT INTO contact_addresses (kind, value, contact_id, match_key)
    SELECT 'phone', '346' || lpad(id::text, 8, '0'), id, '346' || lpad(id::text, 8, '0') FROM person
)
INSERT INTO tickets (number, contact_id, channel, status, opened_at)
SELECT 'backlog-' || id, id, 'whatsapp', 'open', now() FROM person RETURNING contact_id
"""
WRITE_BACKLOG = """
WITH written AS (
    INSERT INTO messages (ticket_id, direction, author, kind, text, sent_at, received_at, delivery)
    SELECT id, 'outbound', 'ana', 'text', 'x', now(), now(), 'pending'
    FROM tickets, generate_series(1, $3) AS place
    WHERE contact_id BETWEEN $1 AND $2 ORDER BY contact_id, place
    RETURNING id, ticket_id
)
INSERT INTO outbox (message_id, contact_id, next_attempt_at)
SELECT written.id, contact_id,
       CASE WHEN row_number() OVER (PARTITION BY contact_id ORDER BY written.id) = 1 THEN now() END
FROM written JOIN tickets ON tickets.id = ticket_id ORDER BY written.id
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


async def write_backlog(database: asyncpg.Connection, *, contacts: int, each: int) -> list[int]:
    """Write what waits of so many contacts, as PostgreSQL knows it after a while; give them."""
    # Who reads the desk's stream of changes is not told of each.
    await database.execute("ALTER TABLE messages DISABLE TRIGGER messages_inserted")
    rows = await database.fetch(WRITE_CONTACTS, contacts)
    ids = sorted(row["contact_id"] for row in rows)
    if ids:
        await database.execute(WRITE_BACKLOG, ids[0], ids[-1], each)
    await database.execute("ALTER TABLE messages ENABLE TRIGGER messages_inserted")
    await database.execute("ANALYZE contacts, contact_addresses, tickets, messages, outbox")
    return ids
