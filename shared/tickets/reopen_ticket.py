"""Take a closing back before its deadline (R5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.database.transaction import Transaction
from shared.texts import Texts
from shared.tickets.date_next_message import date_next_messages
from shared.tickets.queue_message import Outgoing, queue_messages
from shared.tickets.record_actions import Action, record_actions

REOPEN_TICKETS = """
UPDATE tickets
SET status = 'open', reopened_from = CASE WHEN by_contact THEN closing_at END,
    closing_at = NULL, closes_at = NULL, closing_message_id = NULL,
    closing_taken_at = NULL
FROM unnest($1::bigint[], $2::boolean[]) AS old (ticket_id, by_contact)
WHERE id = old.ticket_id
"""

# A closing message that no sender has taken was never said: it is withdrawn.
WITHDRAW_FROM_OUTBOX = """
DELETE FROM outbox WHERE message_id = ANY($1::bigint[]) AND attempts = 0 AND state = 'queued'
RETURNING message_id, contact_id
"""
DELETE_MESSAGES = "DELETE FROM messages WHERE id = ANY($1::bigint[])"


CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class Reopening:
    """A closing ticket to reopen; `actor` is an agent, or CONTACT (GRACE_REPLY=reopen)."""

    ticket_id: int
    number: str
    contact_id: int
    closing_message_id: int
    actor: str


async def reopen_tickets(
    tx: Transaction, reopenings: Sequence[Reopening], now: datetime, texts: Texts
) -> None:
    """Reopen tickets; whoever was or may have been told of the closing is told of this too.

    The caller has locked the contacts and seen that the tickets are closing and not over.
    """
    if not reopenings:
        return
    withdrawn = await tx.connection.fetch(
        WITHDRAW_FROM_OUTBOX, [one.closing_message_id for one in reopenings]
    )
    untold = {row["message_id"] for row in withdrawn}
    await tx.connection.execute(
        REOPEN_TICKETS,
        [one.ticket_id for one in reopenings],
        [one.actor == CONTACT for one in reopenings],
    )
    await tx.connection.execute(DELETE_MESSAGES, list(untold))
    await date_next_messages(tx, [row["contact_id"] for row in withdrawn], now)
    told = [one for one in reopenings if one.closing_message_id not in untold]
    await queue_messages(
        tx,
        [
            Outgoing(
                one.ticket_id, one.contact_id, "system", texts.reopened(one.number), "reopened"
            )
            for one in told
        ],
        now,
    )
    await record_actions(
        tx, [Action(one.ticket_id, now, one.actor, "reopened") for one in reopenings]
    )
    for one in reopenings:
        tx.log("ticket.reopened", ticket=one.number, agent=one.actor, told=one in told)
