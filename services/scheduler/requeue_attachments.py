"""Give files to the validators again: those whose time has come, and those whose hint got lost."""

from uuid_utils.compat import uuid7

from shared.broker.publish import Publisher
from shared.broker.publish_attachments import publish_attachments
from shared.broker.topology import MEDIA_VALIDATOR
from shared.database.pool import Pool
from shared.database.transaction import transaction
from shared.events import AttachmentReceived
from shared.tickets.add_attachments import FORGOTTEN_AFTER

BATCH = 200
# While so many hints wait, a file that is due is only late, not forgotten.
LONG_QUEUE = 200

IS_ANY_DUE = """
SELECT EXISTS (SELECT FROM attachments
               WHERE state = 'pending' AND next_attempt_at <= clock_timestamp())
"""

# Dated anew before it is published: a hint that gets lost here is given again, too.
TAKE_DUE_ATTACHMENTS = """
WITH due AS (
    SELECT id FROM attachments
    WHERE state = 'pending' AND next_attempt_at <= clock_timestamp()
    ORDER BY next_attempt_at LIMIT $1
    FOR UPDATE SKIP LOCKED
)
UPDATE attachments SET next_attempt_at = clock_timestamp() + $2::interval
FROM due WHERE attachments.id = due.id
RETURNING attachments.id
"""


async def requeue_attachments(pool: Pool, publisher: Publisher) -> int:
    """Publish a hint for each file that is due; give how many.

    Raises OutsideAwayError, and changes nothing, while RabbitMQ does not answer.
    """
    if not await pool.fetchval(IS_ANY_DUE):
        return 0
    if await publisher.count_waiting(MEDIA_VALIDATOR) >= LONG_QUEUE:
        return 0
    async with transaction(pool) as tx:
        rows = await tx.connection.fetch(TAKE_DUE_ATTACHMENTS, BATCH, FORGOTTEN_AFTER)
    await publish_attachments(publisher, [AttachmentReceived(uuid7(), row["id"]) for row in rows])
    return len(rows)
