"""Stop the channel: WhatsApp refuses the number as a whole, and only a person can mend it.

The queue is kept. From time to time a single message is tried, and when it is accepted the channel
resumes (`resume_channel`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.database.transaction import Transaction
from shared.tickets.read_channel import lock_channel
from shared.whatsapp.error_codes import Rule

STOP_CHANNEL = """
UPDATE channel SET stopped_at = coalesce(stopped_at, $1), stop_code = $2, stop_status = $3,
       probes = $4, probe_at = $5
"""

# A channel that stops again so soon was not really mended: its tries go on ever more rarely.
_SOON = timedelta(minutes=10)
# A status webhook tells the whole second at which a message failed.
_WHOLE_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What WhatsApp said of a message, and through it of the whole number."""

    rule: Rule
    code: int | None
    status: int | None
    """Of the HTTP answer; None where a status webhook brought it."""
    at: datetime
    """When the message was taken for sending, or failed."""
    is_probe: bool = False
    """It was the careful try of a channel that stood still."""


async def stop_channel(tx: Transaction, refusal: Refusal, now: datetime) -> None:
    """Stop it, or make the next try later; what was under way when it stopped changes nothing."""
    channel = await lock_channel(tx.connection)
    if channel.stopped_at is not None and not refusal.is_probe:
        return
    resumed_at = channel.resumed_at
    if channel.stopped_at is None and resumed_at is not None:
        if refusal.at < resumed_at - _WHOLE_SECOND:
            return
        again = now - resumed_at < _SOON
    else:
        again = channel.stopped_at is not None
    probes = channel.probes + 1 if again else 1
    pause = refusal.rule.delay_seconds(probes)
    await tx.connection.execute(
        STOP_CHANNEL, now, refusal.code, refusal.status, probes, now + timedelta(seconds=pause)
    )
    due_in_ms = round(pause * 1000)
    if channel.stopped_at is None:
        tx.error("channel.stopped", code=refusal.code, status=refusal.status, due_in_ms=due_in_ms)
    else:
        tx.error(
            "channel.still_stopped", code=refusal.code, status=refusal.status, due_in_ms=due_in_ms
        )
