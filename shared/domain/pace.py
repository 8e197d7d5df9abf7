"""How fast may be sent: to one contact (pair limit), and after the number was throttled."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# Meta, throughput (2025-11): one message in 6 seconds to the same user; at most 45 may go within 6
# seconds, borrowed from the time that follows: after 20 of them, nothing for two minutes.
PAIR_INTERVAL = timedelta(seconds=6)
MOST_AT_ONCE = 45
# The way to WhatsApp does not always take equally long, nor the wait for a slot: what is to arrive
# within those 6 seconds leaves earlier.
_MARGIN = timedelta(milliseconds=500)
_AT_ONCE = timedelta(seconds=4)

# A number that was throttled is at full pace again after so long.
RECOVERY = timedelta(minutes=1)
# Slower than this it gets by pauses: what was taken must find its slot before its lease is over.
_SLOWEST = 1 / 4


@dataclass(frozen=True, slots=True)
class Burst:
    """What a contact was sent since `began_at`; it is paid for with quiet time."""

    began_at: datetime
    messages: int

    @property
    def paid_at(self) -> datetime:
        """When the time borrowed is over."""
        return self.began_at + self.messages * PAIR_INTERVAL + _MARGIN

    def next_at(self, now: datetime) -> datetime:
        """Give the first moment from `now` on at which the contact may get another message."""
        at_once = now < self.began_at + _AT_ONCE and self.messages < MOST_AT_ONCE
        return now if at_once else max(now, self.paid_at)


def count_message(burst: Burst | None, now: datetime) -> Burst:
    """Give the burst to which a message that leaves now belongs."""
    if burst is None or now >= burst.paid_at:
        return Burst(now, 1)
    return Burst(burst.began_at, burst.messages + 1)


@dataclass(frozen=True, slots=True)
class Throttle:
    """The last times WhatsApp said that the number sends too fast."""

    at: datetime
    times: int
    """In a row, each before the number was at full pace again."""
    share: float
    """Of the number's throughput, right after `at`."""

    def share_at(self, now: datetime) -> float:
        """Give the share that may be used now: it grows evenly until all of it may."""
        return max(_SLOWEST, min(1.0, self.share + (now - self.at) / RECOVERY))


def throttle_again(throttle: Throttle | None, now: datetime) -> Throttle:
    """Halve the share that may be used."""
    share = throttle.share_at(now) if throttle is not None else 1.0
    times = throttle.times + 1 if throttle is not None and share < 1 else 1
    return Throttle(now, times, max(_SLOWEST, share / 2))
