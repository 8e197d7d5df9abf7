"""Open tickets: this is the only place where a WhatsApp ticket comes into being."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.database.transaction import Transaction
from shared.texts import Texts
from shared.tickets.queue_message import Outgoing, queue_messages

# The number is the year and the ticket's id: unique without a counter to wait for. Numbers that
# a failed transaction took are left out.
INSERT_TICKETS = """
WITH new AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('tickets', 'id')) AS id, contact_id, previous_id, messages
    FROM unnest($1::bigint[], $2::bigint[], $3::integer[])
         AS opening (contact_id, previous_id, messages)
), recorded AS (
    INSERT INTO ticket_events (ticket_id, at, actor, action) SELECT id, $4, $5, 'opened' FROM new
)
INSERT INTO tickets (id, number, contact_id, channel, status, opened_at, previous_id, unread,
                     assigned_to)
SELECT id,
       to_char($4::timestamptz AT TIME ZONE 'UTC', 'YYYY') || '-'
           || lpad(id::text, greatest(6, length(id::text)), '0'),
       contact_id, $6, 'open', $4, previous_id, messages, $7
FROM new
RETURNING id, number, contact_id
"""


@dataclass(frozen=True, slots=True)
class Opening:
    """A ticket to open; `trace_id` is that of the webhook that caused it."""

    contact_id: int
    previous_id: int | None = None
    previous_number: str | None = None
    messages: int = 0
    """How many the contact has written into it, unread as yet."""
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket that was opened."""

    id: int
    number: str


async def open_tickets(
    tx: Transaction, openings: Sequence[Opening], now: datetime
) -> dict[int, Opened]:
    """Open one WhatsApp ticket for each contact and give the tickets by contact.

    Raises asyncpg's UniqueViolationError where a contact has one that is not closed (R3); the
    whole transaction is then done again. `announce_tickets` follows in the same transaction.
    """
    if not openings:
        return {}
    return await _insert(tx, openings, "whatsapp", "contact", None, now)


async def announce_tickets(
    tx: Transaction, opened: Mapping[int, Opened], now: datetime, texts: Texts
) -> None:
    """Queue each new ticket's opening message (R1).

    Called after the messages that opened the tickets are written, so that it follows them also
    within the same second.
    """
    await queue_messages(
        tx,
        [
            Outgoing(one.id, contact_id, "system", texts.opening(one.number), "opening")
            for contact_id, one in opened.items()
        ],
        now,
    )


async def register_ticket(
    tx: Transaction, contact_id: int, channel: str, agent: str, now: datetime
) -> Opened:
    """Open a telephone or e-mail ticket that an agent registers; of those there may be many."""
    opened = await _insert(tx, [Opening(contact_id)], channel, agent, agent, now)
    return opened[contact_id]


async def _insert(
    tx: Transaction,
    openings: Sequence[Opening],
    channel: str,
    actor: str,
    assigned_to: str | None,
    now: datetime,
) -> dict[int, Opened]:
    rows = await tx.connection.fetch(
        INSERT_TICKETS,
        [opening.contact_id for opening in openings],
        [opening.previous_id for opening in openings],
        [opening.messages for opening in openings],
        now,
        actor,
        channel,
        assigned_to,
    )
    opened = {row["contact_id"]: Opened(row["id"], row["number"]) for row in rows}
    for opening in openings:
        tx.log(
            "ticket.opened",
            ticket=opened[opening.contact_id].number,
            contact_id=opening.contact_id,
            previous=opening.previous_number,
            channel=channel,
            trace_id=opening.trace_id,
        )
    return opened
