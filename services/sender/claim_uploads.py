"""Claim files that WhatsApp must have before their messages can be taken."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.database.pool import Pool

# A sender that died or froze is given up after it; one that works renews it before.
LEASE = timedelta(seconds=30)
RENEW_SECONDS = 10.0

# Only of a contact's first message: so a contact with many files has one upload at a time, and what
# is never sent is never uploaded. A claim moves the due time, and is over when that comes.
CLAIM_UPLOADS = """
WITH due AS (
    SELECT uploads.attachment_id
    FROM uploads JOIN attachments ON attachments.id = uploads.attachment_id
    JOIN outbox ON outbox.message_id = attachments.message_id
    WHERE uploads.next_attempt_at <= clock_timestamp() AND outbox.state = 'uploading'
      AND NOT EXISTS (SELECT FROM outbox AS earlier WHERE earlier.contact_id = outbox.contact_id
                      AND earlier.message_id < outbox.message_id)
    ORDER BY uploads.next_attempt_at LIMIT $1
    FOR UPDATE OF uploads SKIP LOCKED
)
UPDATE uploads
SET attempts = uploads.attempts + 1, next_attempt_at = clock_timestamp() + $2::interval
FROM due JOIN attachments ON attachments.id = due.attachment_id
JOIN messages ON messages.id = attachments.message_id
JOIN tickets ON tickets.id = messages.ticket_id
JOIN contacts ON contacts.id = tickets.contact_id
WHERE uploads.attachment_id = due.attachment_id
RETURNING uploads.attachment_id, uploads.attempts, attachments.message_id, attachments.format,
          attachments.size, attachments.storage_key, contacts.last_inbound_at,
          clock_timestamp() AS claimed_at
"""

RENEW = """
UPDATE uploads SET next_attempt_at = clock_timestamp() + $3::interval
FROM unnest($1::bigint[], $2::integer[]) AS held (id, attempts)
WHERE uploads.attachment_id = held.id AND uploads.attempts = held.attempts
  AND uploads.next_attempt_at IS NOT NULL
"""

PUT_OFF = """
UPDATE uploads SET next_attempt_at = clock_timestamp() + $3::interval
WHERE attachment_id = $1 AND attempts = $2 AND next_attempt_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class UploadClaim:
    """A file that is ours to upload until its lease is over."""

    attachment_id: int
    attempt: int
    message_id: int
    format: str
    size: int
    """In bytes."""
    storage_key: str | None
    """None: the bytes were deleted with those of a ticket that was over, and now the message came
    back."""
    last_inbound_at: datetime | None
    claimed_at: datetime
    """By PostgreSQL's clock."""


async def claim_uploads(pool: Pool, limit: int) -> Sequence[UploadClaim]:
    """Claim up to so many files, one of each contact."""
    rows = await pool.fetch(CLAIM_UPLOADS, limit, LEASE)
    return [
        UploadClaim(
            row["attachment_id"],
            row["attempts"],
            row["message_id"],
            row["format"],
            row["size"],
            row["storage_key"],
            row["last_inbound_at"],
            row["claimed_at"],
        )
        for row in rows
    ]


async def renew_claims(pool: Pool, claims: Iterable[UploadClaim]) -> None:
    """Hold on to files that are on their way."""
    held = list(claims)
    if held:
        await pool.execute(
            RENEW, [one.attachment_id for one in held], [one.attempt for one in held], LEASE
        )


async def put_off_upload(pool: Pool, claim: UploadClaim, wait: timedelta) -> None:
    """Let go of a file, to be tried again after `wait`."""
    await pool.execute(PUT_OFF, claim.attachment_id, claim.attempt, wait)
