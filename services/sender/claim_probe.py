"""Try a channel that stands still, carefully: one sender, one message, from time to time."""

from datetime import datetime, timedelta

from shared.database.pool import Pool

# So long its sender has; then another one may try.
_CLAIM = timedelta(minutes=1)

CLAIM_PROBE = """
UPDATE channel SET probe_at = clock_timestamp() + $1::interval
WHERE stopped_at IS NOT NULL AND probe_at <= clock_timestamp()
RETURNING probe_at
"""
GIVE_BACK = """
UPDATE channel SET probe_at = clock_timestamp() WHERE stopped_at IS NOT NULL AND probe_at = $1
"""
# Who starts a sender has perhaps mended what was wrong: a token, a number.
TRY_NOW = """
UPDATE channel SET probe_at = clock_timestamp()
WHERE stopped_at IS NOT NULL AND probe_at > clock_timestamp()
"""


async def claim_probe(pool: Pool) -> datetime | None:
    """Give the end of the claim where this sender may try a message now, else None."""
    until: datetime | None = await pool.fetchval(CLAIM_PROBE, _CLAIM)
    return until


async def give_probe_back(pool: Pool, until: datetime) -> None:
    """There was no message to try; give back this one claim."""
    await pool.execute(GIVE_BACK, until)


async def try_now(pool: Pool) -> None:
    """Let the next try be made at once."""
    await pool.execute(TRY_NOW)
