"""Take a file whose format is proved: keep its bytes, then say that they are there."""

import secrets

from services.media_validator.claim_attachment import Claim
from shared.database.pool import Pool
from shared.database.transaction import transaction
from shared.media.store import MediaStore
from shared.whatsapp.fetch_media import Fetched

# A second time with the same key where the answer to the commit was lost.
ACCEPT = """
UPDATE attachments
SET state = 'accepted', format = $3, size = $4, sha256 = $5, storage_key = $6,
    lease_until = NULL, next_attempt_at = NULL
WHERE id = $1 AND attempts = $2 AND (state = 'pending' OR storage_key = $6)
RETURNING id
"""

_KEY_BYTES = 16


async def store_media(store: MediaStore, fetched: Fetched) -> str:
    """Give the key under which the bytes are kept: random, and nothing from outside is in it.

    Raises OutsideAwayError where the store does not take them.
    """
    key = secrets.token_hex(_KEY_BYTES)
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
