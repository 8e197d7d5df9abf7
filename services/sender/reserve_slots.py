"""Reserve slots in the number's throughput, which all senders share."""

from datetime import timedelta

from shared.database.pool import Pool

# One statement that commits by itself: a sender that freezes must not stop the others here. Slots
# that nobody used are not given back; the next ones begin now.
RESERVE_SLOTS = """
INSERT INTO number_pace (next_slot_at) VALUES (clock_timestamp() + $1::interval)
ON CONFLICT (only_row) DO UPDATE
SET next_slot_at = greatest(number_pace.next_slot_at, clock_timestamp()) + $1::interval
RETURNING extract(epoch FROM next_slot_at - $1::interval - clock_timestamp())::float8
"""


async def reserve_slots(pool: Pool, count: int, per_second: float) -> float:
    """Reserve so many slots in a row; give in how many seconds the first of them is."""
    seconds: float = await pool.fetchval(RESERVE_SLOTS, timedelta(seconds=count / per_second))
    return max(0.0, seconds)
