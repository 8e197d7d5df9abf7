"""Take messages that are due, so that no other sender sends them."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import asyncpg

from services.sender.keep_pair_limit import count_messages, hold_back
from shared.database.pool import Pool
from shared.database.transaction import Transaction, transaction
from shared.domain.pace import Burst
from shared.domain.ticket import deadline_when_taken
from shared.domain.window import Form, form_of
from shared.tickets.queue_message import NOTIFY_SENDERS
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

# A later statement than the lock: it sees what the previous holder of the lock has done, and its
# time is read after that (R6). From head to head, as `date_next_message` goes: where one contact
# had much of the backlog, PostgreSQL read all of it to look for what comes before a message.
FIND_HEADS = """
SELECT statement_timestamp() AS now,
       contacts.id AS contact_id, contacts.last_inbound_at,
       contact_paces.began_at, contact_paces.messages,
       head.message_id, head.attempts,
       messages.kind, messages.text, messages.purpose, messages.ticket_id, messages.as_template,
       (SELECT value FROM contact_addresses
        WHERE contact_id = contacts.id AND kind = 'phone'
        ORDER BY left_at IS NOT NULL, added_at DESC, value LIMIT 1) AS phone,
       (SELECT value FROM contact_addresses
        WHERE contact_id = contacts.id AND kind = 'user_id'
        ORDER BY left_at IS NOT NULL, added_at DESC, value LIMIT 1) AS user_id
FROM contacts
CROSS JOIN LATERAL (SELECT message_id, attempts, state, next_attempt_at FROM outbox AS waiting
                    WHERE waiting.contact_id = contacts.id
                    ORDER BY waiting.message_id LIMIT 1) AS head
JOIN messages ON messages.id = head.message_id
LEFT JOIN contact_paces ON contact_paces.contact_id = contacts.id
WHERE contacts.id = ANY($1::bigint[])
  AND head.state = 'queued' AND head.next_attempt_at <= statement_timestamp()
ORDER BY head.next_attempt_at
"""

# One round trip for both. The burst is that of a contact who is locked, as all of these are.
TAKE_MESSAGES = """
WITH counted AS (
    INSERT INTO contact_paces (contact_id, began_at, messages)
    SELECT * FROM unnest($3::bigint[], $4::timestamptz[], $5::integer[])
    ON CONFLICT (contact_id) DO UPDATE
    SET began_at = excluded.began_at, messages = excluded.messages
)
UPDATE outbox
SET state = 'sending', attempts = attempts + 1, next_attempt_at = NULL, lease_until = $2
WHERE message_id = ANY($1::bigint[])
"""

# Only templates say them, which are rare.
FIND_PARAMETERS = """
SELECT messages.id, tickets.number,
       (SELECT string_agg(coalesce(filename, told.kind), ', ' ORDER BY attachments.id)
        FROM attachments JOIN messages AS told ON told.id = attachments.message_id
        WHERE attachments.notice_id = messages.id) AS files
FROM messages JOIN tickets ON tickets.id = messages.ticket_id
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
    dated anew, if the pair limit is kept. Where fewer come although more may be due, senders are
    given a hint.
    """
    async with transaction(pool) as tx:
        locked = await tx.connection.fetch(LOCK_DUE_CONTACTS, limit)
        if not locked:
            return []
        heads = await tx.connection.fetch(FIND_HEADS, [row["id"] for row in locked])
        if 0 < len(heads) < len(locked):
            # Another sender was quicker with some, and others were not looked at in their place.
            await tx.connection.execute(NOTIFY_SENDERS)
        if keeps_pair_limit:
            heads = await hold_back(tx, heads)
        taken = [_taken(head, templates, is_probe=is_probe) for head in heads]
        if taken:
            counts = {one.contact_id for one in taken if one.form != "undeliverable"}
            paced = [head for head in heads if keeps_pair_limit and head["contact_id"] in counts]
            await _take(tx, taken, count_messages(paced))
            closings = [head for head in heads if head["purpose"] == "closing"]
            await _start_grace(tx, closings, grace)
        return await _with_parameters(tx, taken)


async def _take(tx: Transaction, taken: Sequence[Taken], bursts: Mapping[int, Burst]) -> None:
    await tx.connection.execute(
        TAKE_MESSAGES,
        [one.message_id for one in taken],
        taken[0].taken_at + LEASE,
        list(bursts),
        [burst.began_at for burst in bursts.values()],
        [burst.messages for burst in bursts.values()],
    )


def _taken(head: asyncpg.Record, templates: Container[str], *, is_probe: bool) -> Taken:
    now, purpose = head["now"], head["purpose"]
    # Where WhatsApp has said that the window is closed, it is.
    last_inbound_at = None if head["as_template"] else head["last_inbound_at"]
    return Taken(
        head["message_id"],
        head["contact_id"],
        head["attempts"] + 1,
        head["text"] or "",
        Recipient(head["phone"], head["user_id"]),
        now,
        purpose,
        form_of(purpose, last_inbound_at, now, has_template=purpose in templates),
        is_probe=is_probe,
        kind=head["kind"],
    )


async def _with_parameters(tx: Transaction, taken: Sequence[Taken]) -> list[Taken]:
    """Give what is taken, with what stands in the templates of those that leave as one."""
    by_template = [one.message_id for one in taken if one.form == "template"]
    if not by_template:
        return list(taken)
    rows = await tx.connection.fetch(FIND_PARAMETERS, by_template)
    parameters = {
        row["id"]: tuple(one for one in (row["number"], row["files"]) if one is not None)
        for row in rows
    }
    return [replace(one, parameters=parameters.get(one.message_id, ())) for one in taken]


async def _start_grace(
    tx: Transaction, closings: Sequence[asyncpg.Record], grace: timedelta
) -> None:
    """Count the grace from the moment a closing message is first taken (R4)."""
    if not closings:
        return
    now = closings[0]["now"]
    closes_at = deadline_when_taken(now, grace)
    rows = await tx.connection.fetch(
        START_GRACE,
        [closing["ticket_id"] for closing in closings],
        now,
        closes_at,
        [closing["message_id"] for closing in closings],
    )
    await record_actions(tx, [Action(row["id"], now, "system", "grace started") for row in rows])
    for row in rows:
        tx.log("ticket.closing_taken", ticket=row["number"], closes_at=closes_at)
