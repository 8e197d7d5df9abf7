"""Let the channel resume: WhatsApp has taken a message again, or an operator says so."""

from datetime import datetime
from typing import Literal

from shared.database.transaction import Transaction
from shared.tickets.queue_message import NOTIFY_SENDERS
from shared.tickets.read_channel import lock_channel

RESUME_CHANNEL = """
UPDATE channel SET stopped_at = NULL, stop_code = NULL, stop_status = NULL, probe_at = NULL,
       resumed_at = $1, probes = CASE WHEN $2 THEN 0 ELSE probes END
"""


async def resume_channel(tx: Transaction, by: Literal["sender", "operator"], now: datetime) -> bool:
    """Resume and wake the senders; tell whether the channel stood still."""
    channel = await lock_channel(tx.connection)
    if channel.stopped_at is None:
        return False
    await tx.connection.execute(RESUME_CHANNEL, now, by == "operator")
    await tx.connection.execute(NOTIFY_SENDERS)
    stopped_ms = round((now - channel.stopped_at).total_seconds() * 1000)
    tx.warning("channel.resumed", by=by, stopped_ms=stopped_ms)
    return True
