"""Put messages that came in into their tickets."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.database.transaction import Transaction
from shared.domain.attachment import DeclaredMedia

# Unread are counted where the ticket was not opened with them. The 24-hour window counts from
# WhatsApp's second of the newest message, and the name is that of the newest message that brought
# one, in whatever order they arrive.
INSERT_INBOUND = """
WITH counted AS (
    UPDATE tickets SET unread = unread + new.messages
    FROM (SELECT ticket_id, count(*) AS messages FROM unnest($11::bigint[]) AS ids (ticket_id)
          GROUP BY ticket_id) AS new
    WHERE tickets.id = new.ticket_id
), met AS (
    UPDATE contacts
    SET last_inbound_at = greatest(last_inbound_at, new.sent_at),
        profile_name = CASE WHEN new.named_at >= coalesce(contacts.named_at, '-infinity')
                            THEN new.profile_name ELSE contacts.profile_name END,
        username = CASE WHEN new.named_at >= coalesce(contacts.named_at, '-infinity')
                        THEN new.username ELSE contacts.username END,
        named_at = greatest(contacts.named_at, new.named_at)
    FROM unnest($12::bigint[], $13::timestamptz[], $14::timestamptz[], $15::text[], $16::text[])
         AS new (contact_id, sent_at, named_at, profile_name, username)
    WHERE contacts.id = new.contact_id
)
INSERT INTO messages (ticket_id, direction, author, kind, text, forwarded, is_reply, after_closing,
                      sent_at, received_at, event_key, wamid)
SELECT ticket_id, 'inbound', 'contact', kind, body, forwarded, is_reply, after_closing,
       sent_at, received_at, event_key, wamid
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::boolean[],
            $7::timestamptz[], $8::timestamptz[], $9::text[], $10::text[])
     WITH ORDINALITY AS new (ticket_id, kind, body, forwarded, is_reply, after_closing,
                             sent_at, received_at, event_key, wamid, place)
ORDER BY place
RETURNING id, event_key
"""


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message that came in, and the ticket that it belongs to."""

    ticket_id: int
    contact_id: int
    kind: str
    text: str | None
    forwarded: str | None
    is_reply: bool
    after_closing: bool
    sent_at: datetime
    received_at: datetime
    event_key: str
    wamid: str | None
    profile_name: str | None
    username: str | None
    media: DeclaredMedia | None
    trace_id: str


async def append_messages(
    tx: Transaction, inbound: Sequence[Inbound], opened_with: Collection[int] = ()
) -> dict[str, int]:
    """Write the messages (R2), and give their ids by event key.

    They are counted as unread, but in the tickets `opened_with` them, which are.
    """
    if not inbound:
        return {}
    newest: dict[int, datetime] = {}
    named: dict[int, Inbound] = {}
    for one in sorted(inbound, key=lambda message: message.sent_at):
        newest[one.contact_id] = one.sent_at
        if one.profile_name is not None or one.username is not None:
            named[one.contact_id] = one
    names = [named.get(contact_id) for contact_id in newest]
    rows = await tx.connection.fetch(
        INSERT_INBOUND,
        [one.ticket_id for one in inbound],
        [one.kind for one in inbound],
        [one.text for one in inbound],
        [one.forwarded for one in inbound],
        [one.is_reply for one in inbound],
        [one.after_closing for one in inbound],
        [one.sent_at for one in inbound],
        [one.received_at for one in inbound],
        [one.event_key for one in inbound],
        [one.wamid for one in inbound],
        [one.ticket_id for one in inbound if one.ticket_id not in opened_with],
        list(newest),
        list(newest.values()),
        [one.sent_at if one else None for one in names],
        [one.profile_name if one else None for one in names],
        [one.username if one else None for one in names],
    )
    return {row["event_key"]: row["id"] for row in rows}
