"""Read how the channel to WhatsApp is: open, slowed, or stopped."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import asyncpg

from shared.database.pool import Connection, Pool
from shared.domain.pace import Throttle

READ_CHANNEL = """
SELECT stopped_at, stop_code, stop_status, probe_at, probes, resumed_at, throttled_at, throttles,
       throttled_share, paused_until, clock_timestamp() AS now
FROM channel
"""
LOCK_CHANNEL = f"{READ_CHANNEL} FOR NO KEY UPDATE"


@dataclass(frozen=True, slots=True)
class Channel:
    """What WhatsApp has said of the number as a whole."""

    now: datetime
    """PostgreSQL's clock at the reading."""
    stopped_at: datetime | None
    stop_code: int | None
    """Meta's code; None where the answer was not the API's own."""
    stop_status: int | None
    """Of the HTTP answer; None where a status webhook said it."""
    probe_at: datetime | None
    """From then on a single message is tried."""
    probes: int
    resumed_at: datetime | None
    throttle: Throttle | None

    @property
    def state(self) -> Literal["open", "slowed", "stopped"]:
        """Say it in a word."""
        if self.stopped_at is not None:
            return "stopped"
        return "slowed" if self.is_paused or self.share < 1 else "open"

    @property
    def since(self) -> datetime | None:
        """Give since when it is not open."""
        if self.stopped_at is not None or self.state == "open":
            return self.stopped_at
        return self.throttle.at if self.throttle is not None else None

    @property
    def is_paused(self) -> bool:
        """Tell whether nothing is sent for the moment, because too much was."""
        return self.throttle is not None and self.now < self.throttle.paused_until

    @property
    def share(self) -> float:
        """Give the share of the number's throughput that may be used now."""
        return self.throttle.share_at(self.now) if self.throttle is not None else 1.0


async def read_channel(database: "Pool | Connection") -> Channel:
    """Read it without a lock."""
    return _channel(await database.fetchrow(READ_CHANNEL))


async def lock_channel(connection: Connection) -> Channel:
    """Read it for a change; the row is locked after those of contacts, by everyone."""
    return _channel(await connection.fetchrow(LOCK_CHANNEL))


def _channel(row: asyncpg.Record | None) -> Channel:
    if row is None:
        raise LookupError("the row of `channel`, which a migration writes, is missing")
    throttle = None
    if (throttled_at := row["throttled_at"]) is not None:
        throttle = Throttle(
            throttled_at, row["paused_until"], row["throttles"], row["throttled_share"]
        )
    return Channel(
        now=row["now"],
        stopped_at=row["stopped_at"],
        stop_code=row["stop_code"],
        stop_status=row["stop_status"],
        probe_at=row["probe_at"],
        probes=row["probes"],
        resumed_at=row["resumed_at"],
        throttle=throttle,
    )


def name_stop(channel: Channel) -> str:
    """Say what WhatsApp refuses, in a few words for operators."""
    if channel.stop_code is not None:
        return f"WhatsApp's code {channel.stop_code}"
    return f"an answer {channel.stop_status} that is not WhatsApp's own"
