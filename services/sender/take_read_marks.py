"""Take read marks that are due, where there is nothing better to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.database.pool import Pool
from shared.domain.read_mark import OLDEST_TO_MARK
from shared.whatsapp.mark_read import MARK_SECONDS

# Beyond it the sender is given up, and another one sends the mark: twice does no harm.
LEASE = timedelta(seconds=3 * MARK_SECONDS)

# Nothing is taken while a message is due or on its way, so marks use none of the number's
# throughput that a message could use; nor where WhatsApp does not want anything of this number. No
# contact is locked: a message never waits for a mark.
#
# Of an album all pictures have one second, and nobody knows which came last: so the mark goes to
# each message of that second that the agent has seen.
TAKE_MARKS = """
WITH due AS (
    SELECT contact_id FROM read_marks
    WHERE due_at <= now()
      AND NOT EXISTS (SELECT FROM outbox
                      WHERE state = 'sending' OR (state = 'queued' AND next_attempt_at <= now()))
      AND NOT EXISTS (SELECT FROM channel WHERE stopped_at IS NOT NULL OR paused_until > now())
    ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE read_marks SET attempts = attempts + 1, due_at = now() + $2::interval
    WHERE contact_id = ANY(ARRAY(SELECT contact_id FROM due)) RETURNING *
)
SELECT taken.contact_id, taken.message_id, taken.attempts,
       taken.sent_at < now() - $3::interval AS is_too_old,
       ARRAY(SELECT seen.wamid FROM messages AS seen
             WHERE seen.ticket_id = marked.ticket_id AND seen.sent_at = marked.sent_at
               AND seen.id <= marked.id AND seen.direction = 'inbound' AND seen.wamid IS NOT NULL
             ORDER BY seen.id DESC LIMIT $4) AS wamids
FROM taken JOIN messages AS marked ON marked.id = taken.message_id
"""

MOST_WAMIDS = 10


@dataclass(frozen=True, slots=True)
class TakenMark:
    """A mark that is ours to send until its lease is over."""

    contact_id: int
    message_id: int
    attempt: int
    is_too_old: bool
    wamids: Sequence[str]
    """That of the message, then of those before it in the same second."""


async def take_read_marks(pool: Pool, limit: int) -> list[TakenMark]:
    """Take up to `limit` due marks, oldest first; none while messages are to be sent."""
    rows = await pool.fetch(TAKE_MARKS, limit, LEASE, OLDEST_TO_MARK, MOST_WAMIDS)
    return [
        TakenMark(
            row["contact_id"], row["message_id"], row["attempts"], row["is_too_old"], row["wamids"]
        )
        for row in rows
    ]
