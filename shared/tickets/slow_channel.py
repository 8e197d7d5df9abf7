"""Slow the whole number down: WhatsApp says that it sends too fast."""

import secrets
from datetime import datetime, timedelta

from shared.database.transaction import Transaction
from shared.domain.pace import throttle_again
from shared.tickets.read_channel import lock_channel
from shared.tickets.stop_channel import Refusal

SLOW_CHANNEL = """
UPDATE channel SET throttled_at = $1, throttles = $2, throttled_share = $3,
       paused_until = greatest(paused_until, $4)
"""


async def slow_channel(tx: Transaction, refusal: Refusal, now: datetime) -> None:
    """Pause all senders and halve their pace; refusals of one volley count once."""
    channel = await lock_channel(tx.connection)
    if channel.throttle is not None and refusal.at <= channel.throttle.at:
        return
    times, share = throttle_again(channel.throttle, now)
    # Others that share the limit were told at the same moment: not all begin again at once.
    pause = refusal.rule.delay_seconds(times) * (0.5 + secrets.randbelow(1000) / 1000)
    await tx.connection.execute(SLOW_CHANNEL, now, times, share, now + timedelta(seconds=pause))
    tx.warning(
        "channel.slowed",
        code=refusal.code, due_in_ms=round(pause * 1000), share=round(share, 3),
    )  # fmt: skip
