"""Give up a file that cannot be had; the agent sees why, the contact may send it again."""

from services.media_validator.claim_attachment import Claim
from services.media_validator.end_untaken import end_untaken
from services.media_validator.settings import Settings
from shared.database.pool import Pool
from shared.database.transaction import transaction
from shared.domain.attachment import UnavailableReason


async def give_up_media(
    pool: Pool, claim: Claim, settings: Settings, reason: UnavailableReason
) -> bool:
    """Mark the file as unavailable; False where the claim was lost."""
    async with transaction(pool) as tx:
        ended = await end_untaken(tx, claim, settings, "unavailable", reason, None)
        if ended:
            tx.log(
                "attachment.unavailable", attachment_id=claim.attachment_id, reason=reason,
                attempt=claim.attempt,
            )  # fmt: skip
    return ended
