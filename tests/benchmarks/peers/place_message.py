"""What a peer's router does with a message: one statement, which is one transaction.

Every sub-statement sees the database as it was before the statement began. So each that meets a row
another worker may change at this very moment is an UPDATE, which reads the row anew under its lock;
and whoever loses a race for a new contact or a new ticket gets a unique violation and tries again.
"""

import tomllib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from shared.domain.phone import phone_key

TEXTS = Path(__file__).parents[3] / "shared" / "texts.es.toml"
OPENING = str(tomllib.loads(TEXTS.read_text(encoding="utf-8"))["opening"])

PLACE_MESSAGE = """
WITH fresh AS (
    INSERT INTO received_events (item_id, event_key, outcome, received_at, message_id, raw)
    VALUES ($1::uuid, $2::text, 'stored', $3::timestamptz, nextval('messages_id_seq'), $4::bytea)
    ON CONFLICT DO NOTHING
    RETURNING message_id
), known AS (
    UPDATE contacts
    SET last_inbound_at = greatest(last_inbound_at, $7::timestamptz),
        profile_name = CASE WHEN $7 >= coalesce(named_at, '-infinity')
                            THEN $8::text ELSE profile_name END,
        named_at = greatest(named_at, $7)
    FROM fresh, contact_addresses
    WHERE contact_addresses.kind = 'phone' AND contact_addresses.match_key = $6::text
      AND contacts.id = contact_addresses.contact_id
    RETURNING contacts.id
), made AS (
    INSERT INTO contacts (profile_name, named_at, last_inbound_at)
    SELECT $8, $7, $7 FROM fresh WHERE NOT EXISTS (SELECT FROM known)
    RETURNING id
), addressed AS (
    INSERT INTO contact_addresses (kind, value, match_key, contact_id, seen_at)
    SELECT 'phone', $5::text, $6, id, $7 FROM made
), contact AS (
    SELECT id FROM known UNION ALL SELECT id FROM made
), held AS (
    UPDATE tickets SET unread = unread + 1
    FROM known
    WHERE tickets.contact_id = known.id AND tickets.channel = 'whatsapp'
      AND tickets.status <> 'closed'
    RETURNING tickets.id
), number AS MATERIALIZED (
    SELECT contact.id AS contact_id, nextval('tickets_id_seq') AS id
    FROM contact WHERE NOT EXISTS (SELECT FROM held)
), opened AS (
    INSERT INTO tickets (id, number, contact_id, channel, status, opened_at, previous_id, unread)
    SELECT id,
           to_char(now() AT TIME ZONE 'UTC', 'YYYY') || '-'
               || lpad(id::text, greatest(6, length(id::text)), '0'),
           contact_id, 'whatsapp', 'open', now(),
           (SELECT max(before.id) FROM tickets AS before
            WHERE before.contact_id = number.contact_id AND before.channel = 'whatsapp'), 1
    FROM number
    RETURNING id, number, contact_id
), inbound AS (
    INSERT INTO messages (id, ticket_id, direction, author, kind, text, sent_at, received_at,
                          event_key, wamid)
    SELECT fresh.message_id, ticket.id, 'inbound', 'contact', 'text', $9::text, $7, $3, $2,
           $10::text
    FROM fresh, (SELECT id FROM held UNION ALL SELECT id FROM opened) AS ticket
), opening AS (
    INSERT INTO messages (ticket_id, direction, author, kind, purpose, text, sent_at, received_at,
                          delivery)
    SELECT id, 'outbound', 'system', 'text', 'opening', replace($11::text, '{ticket}', number),
           date_trunc('second', now()), now(), 'pending'
    FROM opened
    RETURNING id
)
INSERT INTO outbox (message_id, contact_id, next_attempt_at)
SELECT opening.id, opened.contact_id,
       CASE WHEN NOT EXISTS (SELECT FROM outbox AS waiting
                             WHERE waiting.contact_id = opened.contact_id) THEN now() END
FROM opening, opened
"""

SESSION = {
    "application_name": "peer",
    "timezone": "UTC",
    "jit": "off",
    # Planning this statement anew each time costs more than running it.
    "plan_cache_mode": "force_generic_plan",
    # The one plan is made on empty tables, for which reading all of a table looks cheap.
    "enable_seqscan": "off",
}
"""Settings of each connection to PostgreSQL."""


class Arrived(msgspec.Struct, frozen=True):
    """What travels from a peer's ingress to its router."""

    item_id: UUID
    event_key: str
    received_at: datetime
    phone: str
    name: str | None
    wamid: str
    sent_at: datetime
    text: str
    raw: msgspec.Raw


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Arrived)


def encode_arrived(arrived: Arrived) -> bytes:
    """Write a message as it travels."""
    return _encoder.encode(arrived)


def parameters(encoded: bytes) -> Sequence[object]:
    """Give what PLACE_MESSAGE needs, in its order."""
    arrived = _decoder.decode(encoded)
    return (
        arrived.item_id,
        arrived.event_key,
        arrived.received_at,
        bytes(arrived.raw),
        arrived.phone,
        phone_key(arrived.phone),
        arrived.sent_at,
        arrived.name,
        arrived.text,
        arrived.wamid,
        OPENING,
    )
