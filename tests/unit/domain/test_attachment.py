"""When a file is tried again, and when it is given up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.attachment import delay_after, delay_of_scan, gives_up

SENT_AT = datetime(2026, 11, 25, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 5), (2, 10), (3, 20), (10, 2560), (11, 3600), (10_000, 3600)]
)
def test_the_delay_doubles_up_to_an_hour(attempt: int, seconds: int) -> None:
    assert delay_after(attempt) == timedelta(seconds=seconds)


def test_an_outage_of_an_hour_loses_no_file() -> None:
    waited, attempt = timedelta(0), 1
    while gives_up(0, SENT_AT, SENT_AT + waited, missing=False) is None:
        waited += delay_after(attempt)
        attempt += 1

    assert timedelta(days=7) <= waited <= timedelta(days=7, hours=1)


def test_a_file_that_meta_does_not_know_is_asked_for_a_few_times() -> None:
    now = SENT_AT + timedelta(minutes=2)

    reasons = [gives_up(answer, SENT_AT, now, missing=True) for answer in range(1, 12)]

    assert reasons == [None] * 9 + ["not_found"] * 2
    assert sum((delay_after(n) for n in range(1, 10)), timedelta(0)) > timedelta(minutes=40)


@pytest.mark.parametrize(("missing", "reason"), [(True, "expired"), (False, "unreachable")])
def test_what_meta_keeps_no_longer_is_given_up(missing: bool, reason: str) -> None:
    now = SENT_AT + timedelta(days=7)

    assert gives_up(1, SENT_AT, now, missing=missing) == reason


@given(st.integers(0, 9), st.integers(0, 7 * 86400 - 1))
def test_what_may_pass_is_tried_again_for_seven_days(answers: int, seconds: int) -> None:
    """However often it was tried before, and whatever Meta said then."""
    now = SENT_AT + timedelta(seconds=seconds)

    assert gives_up(answers, SENT_AT, now, missing=False) is None


@given(st.integers(1, 10**6))
def test_the_antivirus_is_asked_again_within_five_minutes(attempt: int) -> None:
    assert timedelta(seconds=5) <= delay_of_scan(attempt) <= timedelta(minutes=5)
