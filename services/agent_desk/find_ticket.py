"""Find a ticket, and lock it with its contact where it is to be changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from services.agent_desk.problems import Problem
from shared.database.transaction import Transaction
from shared.domain.ticket import Status, Ticket
from shared.tickets.lock_contacts import lock_contacts

# The status that counts: from its deadline on a ticket is closed, whatever the column says (R6).
TICKET_COLUMNS = """
tickets.id, tickets.number, tickets.channel, tickets.contact_id, tickets.opened_at,
tickets.closing_at, tickets.closes_at, tickets.assigned_to, tickets.unread,
tickets.closing_message_id, tickets.status AS status_column,
CASE WHEN tickets.status = 'closing' AND tickets.closes_at <= clock_timestamp()
     THEN 'closed' ELSE tickets.status END AS status,
CASE WHEN tickets.status = 'closing' AND tickets.closes_at <= clock_timestamp()
     THEN tickets.closes_at ELSE tickets.closed_at END AS closed_at,
previous.number AS previous_number,
contacts.profile_name, contacts.username, contacts.typed_phone, contacts.typed_email,
contacts.last_inbound_at,
(SELECT value FROM contact_addresses WHERE contact_id = contacts.id AND kind = 'phone'
 ORDER BY left_at IS NOT NULL, added_at DESC, value LIMIT 1) AS phone,
(SELECT value FROM contact_addresses WHERE contact_id = contacts.id AND kind = 'user_id'
 ORDER BY left_at IS NOT NULL, added_at DESC, value LIMIT 1) AS user_id
"""

TICKET_TABLES = """
tickets JOIN contacts ON contacts.id = tickets.contact_id
LEFT JOIN tickets AS previous ON previous.id = tickets.previous_id
"""

FIND_TICKET = f"""
SELECT {TICKET_COLUMNS} FROM {TICKET_TABLES} WHERE tickets.number = $1
"""  # noqa: S608  constants

Fetches = Any
"""A pool or a connection; asyncpg's types have nothing in common that both offer."""


@dataclass(frozen=True, slots=True)
class LockedTicket:
    """A ticket whose contact this transaction has locked, as it is now."""

    row: asyncpg.Record
    now: datetime

    @property
    def state(self) -> Ticket:
        """Give what the rules decide over."""
        return Ticket(
            Status(self.row["status_column"]), self.row["closing_at"], self.row["closes_at"]
        )


async def find_ticket(fetches: Fetches, number: str) -> asyncpg.Record:
    """Give the ticket's row; 404 where there is none."""
    row: asyncpg.Record | None = None
    if number.isprintable():
        row = await fetches.fetchrow(FIND_TICKET, number)
    if row is None:
        raise Problem(404, "There is no ticket with this number.")
    return row


async def lock_ticket(tx: Transaction, number: str) -> LockedTicket:
    """Lock the ticket's contact and read the ticket again; 404 where there is none."""
    row = await find_ticket(tx.connection, number)
    while True:
        contact_id = row["contact_id"]
        now = await lock_contacts(tx, [contact_id])
        row = await find_ticket(tx.connection, number)
        if row["contact_id"] == contact_id:  # else it was joined with another one in between
            return LockedTicket(row, now)
