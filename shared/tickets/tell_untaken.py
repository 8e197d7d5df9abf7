"""Tell contacts which of their files were not taken: one notice for an album (R11).

The first such file of a ticket dates a notice; the scheduler queues it when it is due, and what is
refused until a sender takes it still joins it. The notice is no row of the outbox before it is due,
so that an agent's answer need not wait behind it.
"""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from shared.database.transaction import Transaction
from shared.texts import Texts, UntakenFile
from shared.tickets.queue_message import Outgoing, queue_messages

# A notice about this ticket's files that no sender has taken yet.
FIND_WAITING_NOTICE = """
SELECT outbox.message_id
FROM outbox JOIN messages AS notice ON notice.id = outbox.message_id
WHERE outbox.contact_id = $1 AND notice.purpose = 'refused'
  AND outbox.state = 'queued' AND outbox.attempts = 0
  AND EXISTS (SELECT FROM attachments JOIN messages ON messages.id = attachments.message_id
              WHERE attachments.notice_id = notice.id AND messages.ticket_id = $2)
"""

DATE_NOTICE = """
UPDATE tickets SET refusal_notice_at = $2 WHERE id = $1 AND refusal_notice_at IS NULL
"""

SET_NOTICES = """
UPDATE attachments SET notice_id = told.notice_id
FROM unnest($1::bigint[], $2::bigint[]) AS told (id, notice_id) WHERE attachments.id = told.id
"""

_FILES = """
SELECT attachments.id, attachments.filename, attachments.reason, messages.kind,
       messages.ticket_id, tickets.number
FROM attachments JOIN messages ON messages.id = attachments.message_id
JOIN tickets ON tickets.id = messages.ticket_id
"""
FIND_FILES_OF_NOTICE = f"""
{_FILES} WHERE attachments.notice_id = $1 ORDER BY messages.sent_at, messages.id
"""
FIND_UNTOLD_FILES = f"""
{_FILES} WHERE messages.ticket_id = ANY($1::bigint[]) AND attachments.notice_id IS NULL
  AND attachments.state IN ('refused', 'unavailable')
ORDER BY messages.sent_at, messages.id
"""

REWRITE_NOTICE = "UPDATE messages SET text = $2 WHERE id = $1"

# A notice that comes after the end of its ticket belongs to the one that is open by then, if any.
TAKE_DUE_NOTICES = """
UPDATE tickets SET refusal_notice_at = NULL
WHERE contact_id = ANY($1::bigint[]) AND refusal_notice_at <= $2
RETURNING id, contact_id, coalesce(
    (SELECT current.id FROM tickets AS current
     WHERE current.contact_id = tickets.contact_id AND current.channel = 'whatsapp'
       AND (current.status = 'open' OR current.status = 'closing' AND current.closes_at > $2)),
    id) AS told_in
"""


async def join_notice(
    tx: Transaction,
    attachment_id: int,
    ticket_id: int,
    contact_id: int,
    due: datetime,
    texts: Texts,
    formats: Sequence[str],
) -> None:
    """Have the contact told of one more file that was not taken.

    The caller has locked the contact and written why. `formats` are those that are taken.
    """
    notice_id = await tx.connection.fetchval(FIND_WAITING_NOTICE, contact_id, ticket_id)
    if notice_id is None:
        await tx.connection.execute(DATE_NOTICE, ticket_id, due)
        return
    await tx.connection.execute(SET_NOTICES, [attachment_id], [notice_id])
    files = await tx.connection.fetch(FIND_FILES_OF_NOTICE, notice_id)
    await tx.connection.execute(REWRITE_NOTICE, notice_id, _write(files, texts, formats))


async def queue_due_notices(
    tx: Transaction,
    contact_ids: Sequence[int],
    now: datetime,
    texts: Texts,
    formats: Sequence[str],
) -> int:
    """Queue the notices that are due to these contacts, whom the caller has locked; give how many.

    A file that is refused from now on joins them until a sender takes them.
    """
    due = await tx.connection.fetch(TAKE_DUE_NOTICES, contact_ids, now)
    untold = await tx.connection.fetch(FIND_UNTOLD_FILES, [row["id"] for row in due])
    by_ticket: dict[int, list[asyncpg.Record]] = {}
    for file in untold:
        by_ticket.setdefault(file["ticket_id"], []).append(file)
    notices = [(row, by_ticket[row["id"]]) for row in due if row["id"] in by_ticket]
    outgoing = [
        Outgoing(
            row["told_in"], row["contact_id"], "system", _write(files, texts, formats), "refused"
        )
        for row, files in notices
    ]
    ids = await queue_messages(tx, outgoing, now)
    told = [
        (file["id"], notice_id)
        for notice_id, (_, files) in zip(ids, notices, strict=True)
        for file in files
    ]
    await tx.connection.execute(
        SET_NOTICES, [file_id for file_id, _ in told], [notice_id for _, notice_id in told]
    )
    return len(ids)


def _write(files: Sequence[asyncpg.Record], texts: Texts, formats: Sequence[str]) -> str:
    untaken = [UntakenFile(file["filename"], file["kind"], file["reason"]) for file in files]
    return texts.refused(files[0]["number"], untaken, formats)
