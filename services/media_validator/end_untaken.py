"""End the work on a file that is not taken, and have its contact told."""

from services.media_validator.claim_attachment import Claim
from services.media_validator.settings import Settings
from shared.database.transaction import Transaction
from shared.tickets.lock_contacts import lock_contacts_of
from shared.tickets.tell_untaken import join_notice

END_UNTAKEN = """
UPDATE attachments
SET state = $3, reason = $4, size = $5, lease_until = NULL, next_attempt_at = NULL
WHERE id = $1 AND attempts = $2 AND state = 'pending'
RETURNING id
"""


async def end_untaken(
    tx: Transaction, claim: Claim, settings: Settings, state: str, reason: str, size: int | None
) -> bool:
    """Write the state with its reason and join the notice; False where the claim was lost."""
    now, places = await lock_contacts_of(tx, [claim.message_id])
    place = places[claim.message_id]
    ended = await tx.connection.fetchval(
        END_UNTAKEN, claim.attachment_id, claim.attempt, state, reason, size
    )
    if ended is None:
        return False
    await join_notice(
        tx,
        claim.attachment_id,
        place.ticket_id,
        place.contact_id,
        now + settings.notice_delay,
        settings.texts,
        [one.name for one in settings.formats],
    )
    return True
