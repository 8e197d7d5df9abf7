"""Refuse a file: its bytes are not kept, the agent sees why, the contact is told (R11)."""

from services.media_validator.claim_attachment import Claim
from services.media_validator.end_untaken import end_untaken
from services.media_validator.settings import Settings
from shared.database.pool import Pool
from shared.database.transaction import transaction
from shared.domain.attachment import RefusalReason


async def refuse_media(
    pool: Pool,
    claim: Claim,
    settings: Settings,
    reason: RefusalReason,
    size: int | None,
    took_ms: float,
) -> bool:
    """Mark the file as refused; False where the claim was lost. `size` in bytes, if known."""
    async with transaction(pool) as tx:
        ended = await end_untaken(tx, claim, settings, "refused", reason, size)
        if ended:
            tx.log(
                "attachment.refused", attachment_id=claim.attachment_id, reason=reason,
                attempt=claim.attempt, took_ms=took_ms,
            )  # fmt: skip
    return ended
