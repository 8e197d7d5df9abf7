"""R7: which of WhatsApp's timestamps are believed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.timestamp import AHEAD, read_timestamp

ARRIVED = datetime(2026, 11, 23, 10, 0, 0, 700_000, tzinfo=UTC)
SECOND = int(ARRIVED.timestamp())
ARRIVAL_SECOND = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", [str(SECOND), SECOND, float(SECOND), f" {SECOND} ", str(SECOND * 1000), SECOND * 1000]
)
def test_a_second_is_read_as_text_number_or_milliseconds(value: object) -> None:
    assert read_timestamp(value, ARRIVED) == ARRIVAL_SECOND


def test_r7_a_late_message_keeps_its_second() -> None:
    assert read_timestamp("1000000000", ARRIVED) == datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)


def test_r7_five_minutes_ahead_are_believed_and_more_are_not() -> None:
    on_the_second = ARRIVAL_SECOND
    ahead = SECOND + int(AHEAD.total_seconds())

    assert read_timestamp(str(ahead), on_the_second) == on_the_second + AHEAD
    assert read_timestamp(str(ahead + 1), on_the_second) == on_the_second


@pytest.mark.parametrize(
    "value",
    [
        None, "", "soon", "-1", -1, "0", 0, "999999999", True, [], {}, "1e9", "1795000000.5",
        "²³⁴⁵⁶⁷⁸⁹⁰¹", "१७९५००००००", float("nan"), float("inf"), -1.0, 1e300, "9" * 16, "9" * 15,
        "9" * 10_000,
    ],
)  # fmt: skip
def test_r7_nonsense_counts_as_the_second_of_arrival(value: object) -> None:
    assert read_timestamp(value, ARRIVED) == ARRIVAL_SECOND


@given(
    value=st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())
    )
)
def test_r7_whatever_stands_there_a_whole_second_results_that_is_not_far_ahead(
    value: object,
) -> None:
    sent_at = read_timestamp(value, ARRIVED)

    assert sent_at.microsecond == 0
    assert sent_at.tzinfo is UTC
    assert sent_at <= ARRIVED + timedelta(minutes=5)
