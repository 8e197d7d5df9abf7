"""Take messages that are due, so that no other sender sends them."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from services.sender.keep_pair_limit import count_messages, hold_back, read_bursts
from shared.database.pool import Pool
from shared.database.transaction import Transaction, transaction
from shared.domain.ticket import deadline_when_taken
from shared.domain.window import Form, form_of
from shared.tickets.lock_contacts import READ_CLOCK
from shared.tickets.record_actions import Action, record_actions
from shared.whatsapp.send_message import SEND_SECONDS, Recipient

# Beyond it the sender is given up, and whether it sent is unknown (scheduler).
LEASE = timedelta(seconds=3 * SEND_SECONDS)

# A time that does not change within the statement is a condition of the index; the clock would be
# asked again for each row that is dated, due or not.
# Contacts that somebody else works on are passed over, so senders never wait for one another.
LOCK_DUE_CONTACTS = """
SELECT contacts.id FROM outbox JOIN contacts ON contacts.id = outbox.contact_id
WHERE outbox.state = 'queued' AND outbox.next_attempt_at <= statement_timestamp()
ORDER BY outbox.next_attempt_at LIMIT $1
FOR NO KEY UPDATE OF contacts SKIP LOCKED
"""

# A later statement than the lock: it sees what the previous holder of the lock has done. From head
# to head, as `date_next_message` goes: where one contact had much of the backlog, PostgreSQL read
# all of it to look for what comes before a message.
TAKE_MESSAGES = """
UPDATE outbox
SET state = 'sending', attempts = outbox.attempts + 1, next_attempt_at = NULL, lease_until = $2
FROM unnest($1::bigint[]) AS locked (contact_id)
CROSS JOIN LATERAL (SELECT message_id FROM outbox AS waiting
                    WHERE waiting.contact_id = locked.contact_id
                    ORDER BY waiting.message_id LIMIT 1) AS head
WHERE outbox.message_id = head.message_id
  AND outbox.state = 'queued' AND outbox.next_attempt_at <= clock_timestamp()
RETURNING outbox.message_id, outbox.attempts
"""

FIND_TAKEN = """
SELECT messages.id, messages.kind, messages.text, messages.purpose, messages.ticket_id,
       messages.as_template,
       tickets.contact_id, tickets.number, contacts.last_inbound_at,
       (SELECT string_agg(coalesce(filename, told.kind), ', ' ORDER BY attachments.id)
        FROM attachments JOIN messages AS told ON told.id = attachments.message_id
        WHERE attachments.notice_id = messages.id) AS files,
       (SELECT value FROM contact_addresses
        WHERE contact_id = tickets.contact_id AND kind = 'phone'
        ORDER BY left_at IS NOT NULL, added_at DESC, value LIMIT 1) AS phone,
       (SELECT value FROM contact_addresses
        WHERE contact_id = tickets.contact_id AND kind = 'user_id'
        ORDER BY left_at IS NOT NULL, added_at DESC, value LIMIT 1) AS user_id
FROM messages JOIN tickets ON tickets.id = messages.ticket_id
JOIN contacts ON contacts.id = tickets.contact_id
WHERE messages.id = ANY($1::bigint[])
"""

# R4: only the first taking counts, only of this closing's message, and only before the deadline.
START_GRACE = """
UPDATE tickets SET closing_taken_at = $2, closes_at = $3
WHERE id = ANY($1::bigint[]) AND closing_message_id = ANY($4::bigint[])
  AND status = 'closing' AND closing_taken_at IS NULL AND closes_at > $2
RETURNING id, number
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that is ours to send until its lease is over."""

    message_id: int
    contact_id: int
    attempt: int
    text: str
    recipient: Recipient
    taken_at: datetime
    """By PostgreSQL's clock."""
    purpose: str | None = None
    form: Form = "text"
    """How it may leave now (R16)."""
    parameters: tuple[str, ...] = ()
    """For its template: the ticket's number, and for a notice its files."""
    is_probe: bool = False
    """The careful try of a channel that stands still."""
    kind: str = "text"
    """Or that of its file, whose caption the text is."""


async def take_messages(
    pool: Pool,
    limit: int,
    grace: timedelta,
    templates: Container[str] = (),
    *,
    is_probe: bool = False,
    keeps_pair_limit: bool = True,
) -> list[Taken]:
    """Take up to `limit` due messages, one for each contact, oldest due time first.

    `templates` are the purposes for which there is one. What would be too much for its contact is
    dated anew, if the pair limit is kept.
    """
    while True:
        async with transaction(pool) as tx:
            locked = await tx.connection.fetch(LOCK_DUE_CONTACTS, limit)
            contacts = [row["id"] for row in locked]
            if not contacts:
                return []
            now: datetime = await tx.connection.fetchval(READ_CLOCK)
            bursts = await read_bursts(tx, contacts) if keeps_pair_limit else {}
            free = await hold_back(tx, contacts, bursts, now)
            taken = await _take(tx, free, now, grace, templates, is_probe=is_probe)
            if keeps_pair_limit:
                leaving = [one.contact_id for one in taken if one.form != "undeliverable"]
                await count_messages(tx, leaving, bursts, now)
        if taken or len(free) == len(contacts):
            return taken
        # All of them were too much for their contacts and are dated anew: others may be due.


async def _take(
    tx: Transaction,
    contacts: Sequence[int],
    now: datetime,
    grace: timedelta,
    templates: Container[str],
    *,
    is_probe: bool,
) -> list[Taken]:
    rows = await tx.connection.fetch(TAKE_MESSAGES, contacts, now + LEASE)
    attempts = {row["message_id"]: row["attempts"] for row in rows}
    messages = await tx.connection.fetch(FIND_TAKEN, list(attempts))
    await _start_grace(tx, [m for m in messages if m["purpose"] == "closing"], now, grace)
    return [
        _taken(message, attempts[message["id"]], now, templates, is_probe=is_probe)
        for message in messages
    ]


def _taken(
    message: asyncpg.Record,
    attempt: int,
    now: datetime,
    templates: Container[str],
    *,
    is_probe: bool,
) -> Taken:
    purpose = message["purpose"]
    return Taken(
        message["id"],
        message["contact_id"],
        attempt,
        message["text"] or "",
        Recipient(message["phone"], message["user_id"]),
        now,
        purpose,
        form_of(
            purpose,
            # Where WhatsApp has said that the window is closed, it is.
            None if message["as_template"] else message["last_inbound_at"],
            now,
            has_template=purpose in templates,
        ),
        tuple(one for one in (message["number"], message["files"]) if one is not None),
        is_probe,
        message["kind"],
    )


async def _start_grace(
    tx: Transaction, closings: Sequence[asyncpg.Record], now: datetime, grace: timedelta
) -> None:
    """Count the grace from the moment a closing message is first taken (R4)."""
    if not closings:
        return
    closes_at = deadline_when_taken(now, grace)
    rows = await tx.connection.fetch(
        START_GRACE,
        [closing["ticket_id"] for closing in closings],
        now,
        closes_at,
        [closing["id"] for closing in closings],
    )
    await record_actions(tx, [Action(row["id"], now, "system", "grace started") for row in rows])
    for row in rows:
        tx.log("ticket.closing_taken", ticket=row["number"], closes_at=closes_at)
