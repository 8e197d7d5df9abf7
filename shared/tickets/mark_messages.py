"""Do to earlier messages what reactions, edits and revocations say (R12).

A mark and its message may come in any order, and several marks too: each is kept as it came, and
what a message shows is worked out from all of them, the latest by WhatsApp's clock.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.database.transaction import Transaction

KEEP_MARKS = """
INSERT INTO message_marks (event_key, contact_id, target_wamid, kind, value, sent_at)
SELECT event_key, contact_id, target_wamid, kind, value, sent_at
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
     AS new (event_key, contact_id, target_wamid, kind, value, sent_at)
ON CONFLICT (event_key) DO NOTHING
"""

# Only of the same contact; what we wrote can be reacted to, and neither edited nor revoked. A mark
# whose message never comes must not have all messages of its contact searched with every batch, so
# only new marks, new messages and joined contacts are looked at.
ATTACH_MARKS = """
UPDATE message_marks SET message_id = messages.id
FROM tickets JOIN messages ON messages.ticket_id = tickets.id
WHERE message_marks.message_id IS NULL AND message_marks.contact_id = ANY($1::bigint[])
  AND tickets.contact_id = message_marks.contact_id AND tickets.channel = 'whatsapp'
  AND messages.wamid = message_marks.target_wamid
  AND (messages.direction = 'inbound' OR message_marks.kind = 'reaction')
  AND (message_marks.event_key = ANY($2::text[]) OR message_marks.target_wamid = ANY($3::text[])
       OR message_marks.contact_id = ANY($4::bigint[]))
RETURNING message_marks.event_key, messages.id
"""

# The first time, what stands there is what was written at first.
SHOW_MARKS = """
UPDATE messages
SET original_text = original.text,
    text = CASE WHEN shown.revoked_at IS NOT NULL THEN NULL
                WHEN shown.edited_at IS NOT NULL THEN shown.edit ELSE original.text END,
    reaction = shown.reaction, edited_at = shown.edited_at, revoked_at = shown.revoked_at
FROM (SELECT message_id,
             (array_agg(value ORDER BY sent_at DESC, event_key DESC)
                  FILTER (WHERE kind = 'reaction'))[1] AS reaction,
             (array_agg(value ORDER BY sent_at DESC, event_key DESC)
                  FILTER (WHERE kind = 'edit'))[1] AS edit,
             max(sent_at) FILTER (WHERE kind = 'edit') AS edited_at,
             min(sent_at) FILTER (WHERE kind = 'revoke') AS revoked_at
      FROM message_marks WHERE message_id = ANY($1::bigint[]) GROUP BY message_id) AS shown,
     (SELECT id, CASE WHEN edited_at IS NULL AND revoked_at IS NULL THEN text
                      ELSE original_text END AS text
      FROM messages WHERE id = ANY($1::bigint[])) AS original
WHERE messages.id = shown.message_id AND original.id = messages.id
"""


# A mark that came before its message was only recorded so far.
CORRECT_LEDGER = """
UPDATE received_events SET outcome = 'stored', message_id = attached.message_id
FROM unnest($1::text[], $2::bigint[]) AS attached (event_key, message_id)
WHERE received_events.event_key = attached.event_key AND outcome = 'recorded'
"""


@dataclass(frozen=True, slots=True)
class MarkToKeep:
    """A mark of a contact, who is locked."""

    event_key: str
    contact_id: int
    target: str
    """The wamid of the message that it is about."""
    kind: str
    value: str | None
    sent_at: datetime


async def keep_marks(tx: Transaction, marks: Sequence[MarkToKeep]) -> None:
    """Write down marks, whether their messages are known or not."""
    if marks:
        await tx.connection.execute(
            KEEP_MARKS,
            [one.event_key for one in marks],
            [one.contact_id for one in marks],
            [one.target for one in marks],
            [one.kind for one in marks],
            [one.value for one in marks],
            [one.sent_at for one in marks],
        )


async def attach_marks(
    tx: Transaction,
    contact_ids: Iterable[int],
    *,
    marks: Collection[str] = (),
    wamids: Collection[str] = (),
    joined: Collection[int] = (),
) -> dict[str, int]:
    """Attach marks to messages of these contacts, whom the caller has locked.

    Looked at are new marks (by event key), marks on messages whose wamids are new, and all marks of
    contacts that were joined. Gives the message of each that was attached, by the mark's event key.
    """
    if not (marks or wamids or joined):
        return {}
    rows = await tx.connection.fetch(
        ATTACH_MARKS, sorted(set(contact_ids)), list(marks), list(wamids), list(joined)
    )
    attached = {row["event_key"]: row["id"] for row in rows}
    if attached:
        await tx.connection.execute(SHOW_MARKS, sorted(set(attached.values())))
        await tx.connection.execute(CORRECT_LEDGER, list(attached), list(attached.values()))
    for message_id in sorted(set(attached.values())):
        tx.log("message.marked", message_id=message_id)
    return attached
