"""Show how the channel to WhatsApp is, and what waits to be sent."""

import argparse
import asyncio

from services.operations.show import say
from shared import config
from shared.database.pool import create_pool
from shared.tickets.read_channel import Channel, name_stop, read_channel
from shared.tickets.read_outbox import OutboxCounts, read_outbox


def show_channel(env: config.Env, _: argparse.Namespace) -> None:
    """Show whether WhatsApp takes messages, and what waits."""
    asyncio.run(_show(config.database_url(env)))


async def _show(database_url: str) -> None:
    async with await create_pool(database_url, "operations", size=1) as pool:
        channel, outbox = await read_channel(pool), await read_outbox(pool)
    for line in (*_of_channel(channel), *_of_outbox(outbox)):
        say(line)


def _of_channel(channel: Channel) -> list[str]:
    lines = [f"the channel is {channel.state}"]
    if channel.stopped_at is not None and channel.probe_at is not None:
        tried = f"one message is tried at {channel.probe_at:%H:%M:%S} UTC"
        lines += [
            f"since {channel.stopped_at:%Y-%m-%d %H:%M:%S} UTC: {name_stop(channel)}",
            f"{tried} (the {channel.probes}. time); `channel resume` does not wait for that",
        ]
    elif channel.state == "slowed":
        lines.append(f"at {channel.share:.0%} of the number's throughput for the moment")
    return lines


def _of_outbox(outbox: OutboxCounts) -> list[str]:
    waiting = f"{outbox.waiting} messages wait"
    if outbox.oldest_waiting_at is not None:
        waiting += f", the oldest since {outbox.oldest_waiting_at:%Y-%m-%d %H:%M:%S} UTC"
    settled = f"{outbox.settled} such messages were settled by a status"
    return [
        waiting,
        f"{outbox.unknown} of them may have gone: nobody knows yet",
        f"in the last 24 hours {settled}, and {outbox.resent} were sent again",
    ]
