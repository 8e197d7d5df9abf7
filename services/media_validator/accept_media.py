"""Take a file whose format is proved: keep its bytes, then say that they are there."""

from services.media_validator.claim_attachment import Claim
from shared.database.pool import Pool
from shared.database.transaction import transaction
from shared.media.store import MediaStore
from shared.tickets.announce_bytes import announce_bytes
from shared.whatsapp.fetch_media import Fetched

# A second time with the same key where the answer to the commit was lost. Bytes that are being
# erased (`announce_bytes`) are nobody's any more, and the file is fetched again.
ACCEPT = """
WITH ours AS (
    SELECT id, storage_key FROM attachments
    WHERE id = $1 AND attempts = $2 AND (state = 'pending' OR storage_key = $6) FOR UPDATE),
taken AS (
    DELETE FROM unnamed_bytes WHERE bytes_key = $6 AND NOT erasing AND EXISTS (SELECT FROM ours)
    RETURNING bytes_key)
UPDATE attachments
SET state = 'accepted', format = $3, size = $4, sha256 = $5, storage_key = $6,
    lease_until = NULL, next_attempt_at = NULL
FROM ours
WHERE attachments.id = ours.id AND (ours.storage_key = $6 OR EXISTS (SELECT FROM taken))
RETURNING attachments.id
"""


async def store_media(pool: Pool, store: MediaStore, fetched: Fetched) -> str:
    """Give the key under which the bytes are kept.

    Raises OutsideAwayError where the store does not take them.
    """
    (key,) = await announce_bytes(pool)
    await store.keep(key, fetched.path)
    return key


async def accept_media(
    pool: Pool, claim: Claim, fetched: Fetched, format_name: str, storage_key: str, took_ms: float
) -> bool:
    """Mark the file as accepted; False where the claim was lost, and the bytes are nobody's."""
    async with transaction(pool) as tx:
        row = await tx.connection.fetchrow(
            ACCEPT, claim.attachment_id, claim.attempt, format_name, fetched.size, fetched.sha256,
            storage_key,
        )  # fmt: skip
        if row is not None:
            tx.log(
                "attachment.accepted", attachment_id=claim.attachment_id, format=format_name,
                size=fetched.size, attempt=claim.attempt, took_ms=took_ms,
            )  # fmt: skip
    return row is not None
