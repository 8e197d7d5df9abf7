"""Have files uploaded again that WhatsApp has no more, before their messages are sent."""

from collections.abc import Sequence

from shared.database.transaction import Transaction

# Only this attempt's row: a sender that was given up meanwhile may come too late.
WAIT_AGAIN = """
UPDATE outbox SET state = 'uploading', lease_until = NULL, next_attempt_at = NULL
FROM unnest($1::bigint[], $2::integer[]) AS again (message_id, attempts)
WHERE outbox.message_id = again.message_id AND outbox.attempts = again.attempts
  AND outbox.state = 'sending'
RETURNING outbox.message_id
"""
FORGET_IDS = """
UPDATE uploads
SET media_id = NULL, uploaded_at = NULL, next_attempt_at = clock_timestamp(),
    renewals = renewals + (attachments.message_id = ANY($2::bigint[]))::integer
FROM attachments
WHERE attachments.id = uploads.attachment_id AND attachments.message_id = ANY($1::bigint[])
"""


async def upload_anew(
    tx: Transaction, attempts: Sequence[tuple[int, int]], refused: Sequence[int]
) -> None:
    """Have the files of messages uploaded again; the caller has locked the contacts.

    `attempts` are messages with the attempt that met no file; of those in `refused` WhatsApp said
    that it does not know the id, which is believed once.
    """
    rows = await tx.connection.fetch(
        WAIT_AGAIN, [message_id for message_id, _ in attempts], [number for _, number in attempts]
    )
    await tx.connection.execute(FORGET_IDS, [row["message_id"] for row in rows], refused)
    for message_id, attempt in attempts:
        tx.log("upload.anew", message_id=message_id, attempt=attempt)
