"""The pace of one contact, and that of the number after it was throttled."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.pace import (
    MOST_AT_ONCE,
    PAIR_INTERVAL,
    RECOVERY,
    Burst,
    Throttle,
    count_message,
    throttle_again,
)

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_contact_gets_a_burst_at_once_and_then_quiet_for_as_long_as_it_cost() -> None:
    burst = count_message(None, NOON)
    for _ in range(19):
        assert burst.next_at(later(1)) == later(1)
        burst = count_message(burst, later(1))

    assert burst == Burst(NOON, 20)
    assert later(120) <= burst.next_at(later(10)) < later(121), "Meta: 20 cost two minutes"
    assert count_message(burst, later(121)) == Burst(later(121), 1)


def test_no_burst_is_larger_than_meta_takes() -> None:
    burst = Burst(NOON, MOST_AT_ONCE)
    assert burst.next_at(later(1)) > later(6 * MOST_AT_ONCE)


def test_a_conversation_is_not_slowed() -> None:
    burst = count_message(None, NOON)
    assert burst.next_at(later(7)) == later(7)


@given(st.lists(st.floats(0, 30), max_size=200))
def test_nobody_gets_more_than_one_message_in_six_seconds_but_for_a_burst(
    waits: list[float],
) -> None:
    """Whatever is asked for: what left is paid for before the next burst begins."""
    sent: list[datetime] = []
    burst, now = None, NOON
    for wait in waits:
        now += timedelta(seconds=wait)
        now = burst.next_at(now) if burst is not None else now
        burst = count_message(burst, now)
        sent.append(now)

    for place, first in enumerate(sent):
        within = [one for one in sent[place:] if one < first + PAIR_INTERVAL]
        assert len(within) <= MOST_AT_ONCE
    if sent:
        allowed = (sent[-1] - sent[0]) / PAIR_INTERVAL + MOST_AT_ONCE
        assert len(sent) <= allowed


def test_each_throttling_halves_the_pace_and_it_recovers_evenly() -> None:
    first = throttle_again(None, NOON)
    second = throttle_again(first, later(1))

    assert (first.times, first.share) == (1, 0.5)
    assert second.times == 2
    assert 0.25 < second.share < 0.27
    assert first.share_at(NOON + RECOVERY / 4) == 0.75
    assert first.share_at(NOON + RECOVERY) == 1.0


def test_a_throttling_long_after_the_last_one_begins_anew() -> None:
    assert throttle_again(Throttle(NOON, 7, 0.1), NOON + 2 * RECOVERY).times == 1


def test_the_pace_never_falls_to_nothing() -> None:
    throttle = None
    for _ in range(50):
        throttle = throttle_again(throttle, NOON)
    assert throttle is not None
    assert throttle.share_at(NOON) == 1 / 4
