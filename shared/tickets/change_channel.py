"""Stop or slow the channel by what WhatsApp said of a batch of messages."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.database.transaction import Transaction
from shared.tickets.slow_channel import slow_channel
from shared.tickets.stop_channel import Refusal, stop_channel

# What a backlog of statuses, or a replay, still tells of last week says nothing of the number now.
_NEWS = timedelta(minutes=10)


async def change_channel(tx: Transaction, refusals: Iterable[Refusal], now: datetime) -> None:
    """Go by the newest refusal of each kind; the channel's row is locked last, and once."""
    newest = {
        one.rule.action: one
        for one in sorted(refusals, key=lambda one: (one.is_probe, one.at))
        if now - one.at < _NEWS
    }
    if "stop" in newest:
        await stop_channel(tx, newest["stop"], now)
    if "slow" in newest:
        await slow_channel(tx, newest["slow"], now)
