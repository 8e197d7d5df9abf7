"""Make one contact of two that are the same person (R13).

The older contact and its ticket go on and take the messages; the other's open ticket is closed as
merged, and nobody is told. What went over is kept, so that a person can undo it.
"""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from shared.database.transaction import Transaction
from shared.tickets.close_ticket import close_tickets
from shared.tickets.date_next_message import date_next_messages
from shared.tickets.record_actions import Action, record_actions
from shared.tickets.request_read_mark import move_read_mark

FIND_OPEN_TICKETS = """
SELECT id, number, contact_id, closes_at <= $3 AS is_over FROM tickets
WHERE contact_id IN ($1, $2) AND channel = 'whatsapp' AND status <> 'closed'
"""

# What opened or closed the other ticket was said about that one, and stays there.
MOVE_MESSAGES = """
UPDATE messages SET ticket_id = $2
WHERE ticket_id = $1 AND (purpose IS NULL OR purpose = 'refused') RETURNING id
"""
# Said to nobody yet, and wrong by now.
WITHDRAW = """
WITH withdrawn AS (
    DELETE FROM outbox USING messages
    WHERE messages.id = outbox.message_id AND messages.ticket_id = $1
      AND messages.purpose IN ('opening', 'closing', 'reopened')
      AND outbox.attempts = 0 AND outbox.state = 'queued'
    RETURNING messages.id
)
UPDATE messages SET delivery = 'undeliverable' FROM withdrawn WHERE messages.id = withdrawn.id
"""
TAKE_OVER = """
UPDATE tickets
SET unread = tickets.unread + other.unread,
    refusal_notice_at = least(tickets.refusal_notice_at, other.refusal_notice_at)
FROM tickets AS other WHERE tickets.id = $2 AND other.id = $1
"""
CLOSE_AS_MERGED = """
UPDATE tickets
SET status = 'closed', closed_at = $2, closes_at = NULL, unread = 0, refusal_notice_at = NULL
WHERE id = $1
"""

MOVE_ADDRESSES = """
UPDATE contact_addresses SET contact_id = $2 WHERE contact_id = $1 RETURNING kind, match_key
"""
MOVE_TICKETS = "UPDATE tickets SET contact_id = $2 WHERE contact_id = $1 RETURNING id"
MOVE_MARKS = "UPDATE message_marks SET contact_id = $2 WHERE contact_id = $1"
# Only the first row of a contact has a due time.
MOVE_OUTBOX = """
UPDATE outbox SET contact_id = $2,
    next_attempt_at = CASE WHEN message_id = (SELECT min(message_id) FROM outbox
                                              WHERE contact_id IN ($1, $2))
                           THEN next_attempt_at END
WHERE contact_id IN ($1, $2)
"""

MERGE_CONTACTS = """
UPDATE contacts
SET last_inbound_at = greatest(contacts.last_inbound_at, other.last_inbound_at),
    profile_name = CASE WHEN other.named_at > coalesce(contacts.named_at, '-infinity')
                        THEN other.profile_name ELSE contacts.profile_name END,
    username = CASE WHEN other.named_at > coalesce(contacts.named_at, '-infinity')
                    THEN other.username ELSE contacts.username END,
    named_at = greatest(contacts.named_at, other.named_at)
FROM contacts AS other WHERE contacts.id = $2 AND other.id = $1
"""
MARK_MERGED = "UPDATE contacts SET merged_into = $2 WHERE id = $1"

SETTLE_CONFLICTS = """
UPDATE contact_conflicts SET settled_at = $3
WHERE user_contact IN ($1, $2) AND phone_contact IN ($1, $2)
"""
RECORD_MERGE = """
INSERT INTO contact_merges (merged_id, survivor_id, at, actor, addresses, ticket_ids, message_ids,
                            from_ticket, into_ticket)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


@dataclass(frozen=True, slots=True)
class _EndedTicket:
    """The merged contact's open ticket, where its messages went, and which."""

    id: int | None = None
    into: int | None = None
    message_ids: tuple[int, ...] = ()


async def join_contacts(
    tx: Transaction, survivor: int, merged: int, actor: str, now: datetime
) -> None:
    """Give the survivor everything that the other contact has.

    The caller has locked both, and `now` is the clock read after that; `actor` is `system` or a
    person.
    """
    ended = await _join_open_tickets(tx, survivor, merged, now)
    addresses = await tx.connection.fetch(MOVE_ADDRESSES, merged, survivor)
    tickets = await tx.connection.fetch(MOVE_TICKETS, merged, survivor)
    await tx.connection.execute(MOVE_MARKS, merged, survivor)
    await move_read_mark(tx, survivor, merged)
    await tx.connection.execute(MOVE_OUTBOX, merged, survivor)
    await date_next_messages(tx, [survivor], now)
    await tx.connection.execute(MERGE_CONTACTS, merged, survivor)
    await tx.connection.execute(MARK_MERGED, merged, survivor)
    await tx.connection.execute(SETTLE_CONFLICTS, merged, survivor, now)
    await tx.connection.execute(
        RECORD_MERGE, merged, survivor, now, actor,
        [f"{row['kind']}:{row['match_key']}" for row in addresses],
        [row["id"] for row in tickets], list(ended.message_ids), ended.id, ended.into,
    )  # fmt: skip
    tx.log("contact.merged", contact_id=survivor, other_id=merged, by=actor)


async def _join_open_tickets(
    tx: Transaction, survivor: int, merged: int, now: datetime
) -> _EndedTicket:
    """Where both have one, put the messages into the survivor's and end the other."""
    rows = await tx.connection.fetch(FIND_OPEN_TICKETS, survivor, merged, now)
    await close_tickets(tx, [row["id"] for row in rows if row["is_over"]], "router")
    open_tickets: dict[int, asyncpg.Record] = {
        row["contact_id"]: row for row in rows if not row["is_over"]
    }
    if survivor not in open_tickets or merged not in open_tickets:
        return _EndedTicket()
    ours, theirs = open_tickets[survivor], open_tickets[merged]
    moved = await tx.connection.fetch(MOVE_MESSAGES, theirs["id"], ours["id"])
    await tx.connection.execute(WITHDRAW, theirs["id"])
    await tx.connection.execute(TAKE_OVER, theirs["id"], ours["id"])
    await tx.connection.execute(CLOSE_AS_MERGED, theirs["id"], now)
    await record_actions(tx, [Action(theirs["id"], now, "system", "merged", ours["number"])])
    tx.log("ticket.merged", ticket=theirs["number"], into=ours["number"])
    return _EndedTicket(theirs["id"], ours["id"], tuple(row["id"] for row in moved))
