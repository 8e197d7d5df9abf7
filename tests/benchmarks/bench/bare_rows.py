"""The limit of the router's writing: `python -m tests.benchmarks.bench.bare_rows MESSAGES`.

With DATABASE_URL. The rows that the router writes for these messages, worked out before it begins
and written by one statement for each batch of the router's size, and committed: one connection, the
same schema with its indexes and triggers. Prints messages per second, without the first tenth.
"""

import os
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import asyncpg
import uvloop

from shared.database.pool import BY_KEY
from shared.events import MAX_EVENTS, MessageReceived
from tests.benchmarks.bench.workload import events, is_first, phone_of
from tests.benchmarks.peers.stream import contact_of

WRITE = """
WITH contact AS (
    INSERT INTO contacts (id, profile_name, named_at, last_inbound_at)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $3::timestamptz[])
), address AS (
    INSERT INTO contact_addresses (kind, value, match_key, contact_id, seen_at)
    SELECT 'phone', phone, phone, contact_id, seen_at
    FROM unnest($4::text[], $1::bigint[], $3::timestamptz[]) AS new (phone, contact_id, seen_at)
), ticket AS (
    INSERT INTO tickets (id, number, contact_id, channel, status, opened_at, unread)
    SELECT id, '2026-' || lpad(id::text, 6, '0'), id, 'whatsapp', 'open', now(), unread
    FROM unnest($1::bigint[], $5::integer[]) AS new (id, unread)
), audited AS (
    INSERT INTO ticket_events (ticket_id, at, actor, action)
    SELECT id, now(), 'contact', 'opened' FROM unnest($1::bigint[]) AS new (id)
), touched AS (
    UPDATE contacts SET last_inbound_at = new.at, named_at = new.at
    FROM unnest($6::bigint[], $7::timestamptz[]) AS new (id, at) WHERE contacts.id = new.id
), counted AS (
    UPDATE tickets SET unread = unread + new.more
    FROM unnest($6::bigint[], $8::integer[]) AS new (id, more) WHERE tickets.id = new.id
), inbound AS (
    INSERT INTO messages (id, ticket_id, direction, author, kind, text, sent_at, received_at,
                          event_key, wamid)
    SELECT id, ticket_id, 'inbound', 'contact', 'text', $15, at, received_at, event_key, wamid
    FROM unnest($9::bigint[], $10::bigint[], $11::timestamptz[], $12::timestamptz[], $13::text[],
                $14::text[]) AS new (id, ticket_id, at, received_at, event_key, wamid)
), outbound AS (
    INSERT INTO messages (id, ticket_id, direction, author, kind, purpose, text, sent_at,
                          received_at, delivery)
    SELECT message_id, id, 'outbound', 'system', 'text', 'opening', $15, now(), now(), 'pending'
    FROM unnest($1::bigint[], $16::bigint[]) AS new (id, message_id)
), queued AS (
    INSERT INTO outbox (message_id, contact_id, next_attempt_at)
    SELECT message_id, id, now() FROM unnest($1::bigint[], $16::bigint[]) AS new (id, message_id)
)
INSERT INTO received_events (item_id, event_key, outcome, received_at, message_id, raw)
SELECT item_id, event_key, 'stored', received_at, message_id, raw
FROM unnest($17::uuid[], $13::text[], $12::timestamptz[], $9::bigint[], $18::bytea[])
     AS new (item_id, event_key, received_at, message_id, raw)
"""

TEXT = "Buenos días, no puedo firmar la solicitud: ¿qué debo hacer?"
OUTBOUND = 10_000_000
"""Ids of outbound messages begin here."""


def rows_of(first: int, batch: Sequence[MessageReceived]) -> tuple[Any, ...]:
    """Give the statement's arguments for a batch that begins with message `first`."""
    numbers = range(first, first + len(batch))
    owners = [contact_of(number) + 1 for number in numbers]
    keys = [one.event_key.split(":") for one in batch]
    ats = [datetime.fromtimestamp(int(second), UTC) for second, _ in keys]
    latest = dict(zip(owners, ats, strict=True))
    count = Counter(owners)
    new = sorted({one for number, one in zip(numbers, owners, strict=True) if is_first(number)})
    old = sorted(latest.keys() - set(new))
    return (
        new, [f"Contacto {one - 1}" for one in new], [latest[one] for one in new],
        [phone_of(one - 1) for one in new], [count[one] for one in new],
        old, [latest[one] for one in old], [count[one] for one in old],
        [number + 1 for number in numbers], owners, ats, [one.received_at for one in batch],
        [one.event_key for one in batch], [wamid for _, wamid in keys], TEXT,
        [OUTBOUND + one for one in new],
        [one.item_id for one in batch], [one.raw for one in batch],
    )  # fmt: skip


async def main(count: int) -> float:
    """Write so many."""
    every = list(events(0, count))
    batches = [
        rows_of(first, every[first : first + MAX_EVENTS]) for first in range(0, count, MAX_EVENTS)
    ]
    connection = await asyncpg.connect(
        os.environ["DATABASE_URL"],
        server_settings={**BY_KEY, "jit": "off"},
    )
    statement = await connection.prepare(WRITE)
    skipped = len(batches) // 10
    began = monotonic()
    for place, batch in enumerate(batches):
        if place == skipped:
            began = monotonic()
        await statement.fetch(*batch)
    took = monotonic() - began
    await connection.close()
    return (len(batches) - skipped) * MAX_EVENTS / took


if __name__ == "__main__":
    print(uvloop.run(main(int(sys.argv[1]))))
