"""Claim a file for a while, so that one worker at a time answers for it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.database.pool import Pool
from shared.database.transaction import transaction

# A worker that died or froze is given up after it; one that works renews it before.
LEASE = timedelta(seconds=30)
RENEW_SECONDS = 10.0

CLAIM = """
UPDATE attachments
SET attempts = attachments.attempts + 1, lease_until = clock_timestamp() + $2::interval,
    next_attempt_at = clock_timestamp() + $2::interval
FROM messages
WHERE attachments.id = $1 AND messages.id = attachments.message_id
  AND attachments.state = 'pending'
  AND (attachments.lease_until IS NULL OR attachments.lease_until <= clock_timestamp())
RETURNING attachments.id, attachments.attempts, attachments.media_id, attachments.declared_sha256,
          messages.sent_at, attachments.message_id, attachments.missing_answers
"""

# `attempts` tells one claim from the next: who was given up meanwhile changes nothing any more.
RENEW = """
UPDATE attachments
SET lease_until = clock_timestamp() + $3::interval,
    next_attempt_at = clock_timestamp() + $3::interval
FROM unnest($1::bigint[], $2::integer[]) AS held (id, attempts)
WHERE attachments.id = held.id AND attachments.attempts = held.attempts
  AND attachments.state = 'pending' AND attachments.lease_until IS NOT NULL
"""

GIVE_BACK = """
UPDATE attachments
SET lease_until = NULL, next_attempt_at = clock_timestamp() + $3::interval, missing_answers = $4
WHERE id = $1 AND attempts = $2 AND state = 'pending' AND lease_until IS NOT NULL
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that is ours until its lease is over."""

    attachment_id: int
    attempt: int
    media_id: str | None
    declared_sha256: str | None
    sent_at: datetime
    message_id: int
    missing_answers: int
    """How often Meta has answered so far that it does not know the file."""


async def claim_attachment(pool: Pool, attachment_id: int) -> Claim | None:
    """Claim a file; None where it is done, or somebody else works on it."""
    async with transaction(pool) as tx:
        row = await tx.connection.fetchrow(CLAIM, attachment_id, LEASE)
    if row is None:
        return None
    return Claim(
        row["id"],
        row["attempts"],
        row["media_id"],
        row["declared_sha256"],
        row["sent_at"],
        row["message_id"],
        row["missing_answers"],
    )


async def renew_claims(pool: Pool, claims: Iterable[Claim]) -> None:
    """Hold on to files that are being worked on."""
    held = list(claims)
    if held:
        await pool.execute(
            RENEW, [one.attachment_id for one in held], [one.attempt for one in held], LEASE
        )


async def give_back_claim(
    pool: Pool, claim: Claim, wait: timedelta, *, missing: bool = False
) -> bool:
    """Let go of a file, to be tried again after `wait`; False where the claim was lost.

    `missing`: Meta has answered once more that it does not know it.
    """
    row = await pool.fetchrow(
        GIVE_BACK, claim.attachment_id, claim.attempt, wait, claim.missing_answers + missing
    )
    return row is not None
