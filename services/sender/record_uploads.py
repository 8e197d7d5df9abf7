"""Write down what became of a file's upload, and let its message go on."""

from services.sender.claim_uploads import UploadClaim
from services.sender.record_outcomes import SET_DELIVERY
from shared.database.pool import Pool
from shared.database.transaction import Transaction, transaction
from shared.tickets.date_next_message import date_next_messages
from shared.tickets.lock_contacts import lock_contacts_of
from shared.tickets.queue_message import NOTIFY_SENDERS
from shared.whatsapp.upload_media import UploadRefused

# The age counts from the beginning of the upload: rather too old than too young.
END_UPLOAD = """
UPDATE uploads
SET media_id = $3, uploaded_at = CASE WHEN $3::text IS NOT NULL THEN $4::timestamptz END,
    next_attempt_at = NULL
WHERE attachment_id = $1 AND attempts = $2 AND next_attempt_at IS NOT NULL
RETURNING attachment_id
"""
QUEUE = "UPDATE outbox SET state = 'queued' WHERE message_id = $1 AND state = 'uploading'"
GIVE_UP = "DELETE FROM outbox WHERE message_id = $1 AND state = 'uploading' RETURNING message_id"


async def record_uploaded(
    pool: Pool, claim: UploadClaim, media_id: str | None, took_ms: float
) -> bool:
    """Queue the message, which may be taken now; False where the claim was lost.

    `media_id` None: it is too late for the message, and whoever takes it says so (R16).
    """
    async with transaction(pool) as tx:
        now, places = await lock_contacts_of(tx, [claim.message_id])
        if not await _end(tx, claim, media_id):
            return False
        await tx.connection.execute(QUEUE, claim.message_id)
        if media_id is not None:
            tx.log(
                "upload.done", attachment_id=claim.attachment_id, message_id=claim.message_id,
                attempt=claim.attempt, size=claim.size, took_ms=took_ms,
            )  # fmt: skip
        await date_next_messages(tx, [one.contact_id for one in places.values()], now)
        await tx.connection.execute(NOTIFY_SENDERS)
    return True


async def record_upload_failed(pool: Pool, claim: UploadClaim, refused: UploadRefused) -> bool:
    """Fail the message, because WhatsApp will never take its file; False: the claim was lost."""
    async with transaction(pool) as tx:
        now, places = await lock_contacts_of(tx, [claim.message_id])
        if not await _end(tx, claim, None):
            return False
        gone = await tx.connection.fetch(GIVE_UP, claim.message_id)
        await tx.connection.execute(SET_DELIVERY, [row["message_id"] for row in gone], "failed")
        tx.log(
            "upload.failed", attachment_id=claim.attachment_id, message_id=claim.message_id,
            attempt=claim.attempt, code=refused.code, status=refused.status,
        )  # fmt: skip
        await date_next_messages(tx, [one.contact_id for one in places.values()], now)
        await tx.connection.execute(NOTIFY_SENDERS)
    return True


async def _end(tx: Transaction, claim: UploadClaim, media_id: str | None) -> bool:
    ended = await tx.connection.fetchval(
        END_UPLOAD, claim.attachment_id, claim.attempt, media_id, claim.claimed_at
    )
    return ended is not None
