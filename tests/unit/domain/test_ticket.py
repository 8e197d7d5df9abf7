"""What a deadline does, to the microsecond."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.ticket import (
    Status,
    Ticket,
    can_close,
    can_reopen,
    deadline_at_click,
    deadline_when_taken,
    is_over,
    place_message,
    whole_second_down,
    whole_second_up,
)

CLICK = datetime(2026, 11, 23, 10, 0, 0, 400_000, tzinfo=UTC)
DEADLINE = datetime(2026, 11, 23, 11, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MOMENT = timedelta(microseconds=1)
GRACE = timedelta(minutes=30)

OPEN = Ticket(Status.OPEN)
CLOSING = Ticket(Status.CLOSING, CLICK, DEADLINE)
CLOSED = Ticket(Status.CLOSED, CLICK, DEADLINE)


def test_r6_a_ticket_is_over_from_its_deadline_on_whatever_the_column_says() -> None:
    assert not is_over(CLOSING, DEADLINE - MOMENT)
    assert is_over(CLOSING, DEADLINE)
    assert is_over(CLOSED, DEADLINE - SECOND)
    assert not is_over(OPEN, DEADLINE)


def test_r4_only_an_open_ticket_can_be_closed() -> None:
    assert can_close(OPEN, CLICK)
    assert not can_close(CLOSING, CLICK)
    assert not can_close(CLOSED, CLICK)


def test_r5_a_ticket_can_be_reopened_until_its_deadline() -> None:
    assert can_reopen(CLOSING, DEADLINE - MOMENT)
    assert not can_reopen(CLOSING, DEADLINE)
    assert not can_reopen(OPEN, CLICK)
    assert not can_reopen(CLOSED, CLICK)


def test_r4_the_deadline_is_twice_the_grace_after_the_click_on_a_whole_second() -> None:
    assert deadline_at_click(CLICK, GRACE) == datetime(2026, 11, 23, 11, 0, 1, tzinfo=UTC)


def test_r4_it_is_the_grace_after_the_taking_on_a_whole_second() -> None:
    assert deadline_when_taken(CLICK, GRACE) == datetime(2026, 11, 23, 10, 30, 1, tzinfo=UTC)


def test_r4_a_whole_second_stays_as_it_is() -> None:
    assert whole_second_up(DEADLINE) == whole_second_down(DEADLINE) == DEADLINE
    assert whole_second_up(DEADLINE + MOMENT) == DEADLINE + SECOND
    assert whole_second_down(DEADLINE - MOMENT) == DEADLINE - SECOND


@pytest.mark.parametrize(
    ("latest", "sent_at", "now", "place"),
    [
        (None, CLICK, CLICK, "opens"),
        (OPEN, CLICK, CLICK, "joins"),
        (OPEN, CLICK - GRACE, CLICK, "joins"),
        (CLOSED, CLICK - GRACE, CLICK, "opens"),
        (CLOSING, whole_second_down(CLICK), CLICK, "joins"),
        (CLOSING, whole_second_up(CLICK), CLICK + SECOND, "joins_after_closing"),
        (CLOSING, DEADLINE - SECOND, DEADLINE - MOMENT, "joins_after_closing"),
        (CLOSING, DEADLINE - SECOND, DEADLINE, "opens"),
        (CLOSING, CLICK - GRACE, DEADLINE, "opens"),
        (CLOSING, DEADLINE, DEADLINE - MOMENT, "opens"),
    ],
    ids=[
        "R1: the first message opens",
        "R2: an open ticket takes it",
        "R2: a late one too",
        "R7: a closed ticket takes nothing, however early it was sent",
        "R5: the click's second is not after the closing",
        "R5: the next second is",
        "R5: until the last moment",
        "R6: routed at the deadline",
        "R7: sent before the closing and routed at the deadline",
        "R7: stamped at the deadline and routed before it",
    ],
)
def test_where_a_message_goes(
    latest: Ticket | None, sent_at: datetime, now: datetime, place: str
) -> None:
    assert place_message(latest, sent_at, now, grace_reply_reopens=False) == place


def test_r5_a_reply_in_the_grace_reopens_where_the_setting_says_so() -> None:
    before, after = whole_second_down(CLICK), whole_second_up(CLICK)

    assert place_message(CLOSING, before, CLICK, grace_reply_reopens=True) == "joins"
    assert place_message(CLOSING, after, CLICK + SECOND, grace_reply_reopens=True) == "reopens"
    assert place_message(CLOSING, after, DEADLINE, grace_reply_reopens=True) == "opens"
