"""Try a channel that stands still, carefully: one sender, one message, from time to time."""

from datetime import timedelta

from shared.database.pool import Pool

# So long its sender has; then another one may try.
_CLAIM = timedelta(minutes=1)

CLAIM_PROBE = """
UPDATE channel SET probe_at = clock_timestamp() + $1::interval
WHERE stopped_at IS NOT NULL AND probe_at <= clock_timestamp()
RETURNING probe_at
"""
GIVE_BACK = "UPDATE channel SET probe_at = clock_timestamp() WHERE stopped_at IS NOT NULL"
# Who starts a sender has perhaps mended what was wrong: a token, a number.
TRY_NOW = """
UPDATE channel SET probe_at = clock_timestamp()
WHERE stopped_at IS NOT NULL AND probe_at > clock_timestamp()
"""


async def claim_probe(pool: Pool) -> bool:
    """Tell whether this sender may try a message now."""
    return await pool.fetchval(CLAIM_PROBE, _CLAIM) is not None


async def give_probe_back(pool: Pool) -> None:
    """There was no message to try."""
    await pool.execute(GIVE_BACK)


async def try_now(pool: Pool) -> None:
    """Let the next try be made at once."""
    await pool.execute(TRY_NOW)
