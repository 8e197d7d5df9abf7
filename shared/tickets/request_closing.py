"""An agent closes a ticket: the grace period begins (R4)."""

from datetime import datetime, timedelta

from shared.database.transaction import Transaction
from shared.domain.ticket import deadline_at_click
from shared.texts import Texts
from shared.tickets.queue_message import Outgoing, queue_messages
from shared.tickets.record_actions import Action, record_actions

BEGIN_CLOSING = """
UPDATE tickets
SET status = 'closing', closing_at = $2, closes_at = $3, closing_message_id = $4,
    closing_taken_at = NULL, reopened_from = NULL
WHERE id = $1
"""

CLOSE_AT_ONCE = """
UPDATE tickets SET status = 'closed', closed_at = $2 WHERE id = $1
"""


async def request_closing(
    tx: Transaction,
    ticket_id: int,
    number: str,
    contact_id: int,
    agent: str,
    now: datetime,
    grace: timedelta,
    texts: Texts,
) -> None:
    """Queue the one closing message of this closing and set the deadline that holds until it goes.

    The caller has locked the contact and seen that the ticket is open.
    """
    message = Outgoing(ticket_id, contact_id, "system", texts.closing(number, grace), "closing")
    (message_id,) = await queue_messages(tx, [message], now)
    closes_at = deadline_at_click(now, grace)
    await tx.connection.execute(BEGIN_CLOSING, ticket_id, now, closes_at, message_id)
    await record_actions(tx, [Action(ticket_id, now, agent, "closing")])
    tx.log("ticket.closing", ticket=number, agent=agent, closes_at=closes_at)


async def close_at_once(
    tx: Transaction, ticket_id: int, number: str, agent: str, now: datetime
) -> None:
    """Close a telephone or e-mail ticket: no grace, and nothing goes to WhatsApp (R3)."""
    await tx.connection.execute(CLOSE_AT_ONCE, ticket_id, now)
    await record_actions(tx, [Action(ticket_id, now, agent, "closed")])
    tx.log("ticket.closed", ticket=number, closed_at=now, by="agent")
