"""Where a contact's messages go, in one go and in any order."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.plan_messages import Plan, plan_messages
from shared.domain.ticket import Status, Ticket

CLICK = datetime(2026, 11, 23, 10, tzinfo=UTC)
DEADLINE = CLICK + timedelta(minutes=30)
NOW = CLICK + timedelta(minutes=1)
CLOSING = Ticket(Status.CLOSING, CLICK, DEADLINE)


def _plan(latest: Ticket | None, *seconds: int, now: datetime = NOW, **more: bool) -> Plan[int]:
    arrived = [(CLICK + timedelta(seconds=second), second) for second in seconds]
    return plan_messages(latest, arrived, now, grace_reply_reopens=more.get("reopens", False))


def _places(plan: Plan[int]) -> list[tuple[int, bool, bool]]:
    return [(one.message, one.in_new, one.after_closing) for one in plan.placed]


def test_r1_ten_first_messages_open_one_ticket() -> None:
    plan = _plan(None, *range(10))

    assert (plan.closes, plan.reopens, plan.opens) == (False, False, True)
    assert all(placed.in_new for placed in plan.placed)
    assert len(plan.placed) == 10


def test_r5_messages_join_a_closing_ticket_and_those_after_the_click_are_marked() -> None:
    plan = _plan(CLOSING, 1, 0, -1)

    assert (plan.closes, plan.reopens, plan.opens) == (False, False, False)
    assert _places(plan) == [(-1, False, False), (0, False, False), (1, False, True)]


def test_r7_the_message_of_the_deadline_ends_the_ticket_and_earlier_ones_still_join() -> None:
    plan = _plan(CLOSING, 1800, -1, 1801, 1799)

    assert (plan.closes, plan.opens) == (True, True)
    assert _places(plan) == [
        (-1, False, False), (1799, False, True), (1800, True, False), (1801, True, False),
    ]  # fmt: skip


def test_r7_after_the_deadline_everything_opens_however_early_it_was_sent() -> None:
    plan = _plan(CLOSING, -1, 5, now=DEADLINE)

    assert (plan.closes, plan.opens) == (True, True)
    assert _places(plan) == [(-1, True, False), (5, True, False)]


def test_r6_a_ticket_that_is_written_closed_is_not_closed_again() -> None:
    plan = _plan(Ticket(Status.CLOSED, CLICK, DEADLINE), 1, now=DEADLINE)

    assert (plan.closes, plan.opens) == (False, True)


def test_r5_a_reply_reopens_once_where_the_setting_says_so() -> None:
    plan = _plan(CLOSING, 2, 1, 1800, reopens=True)

    assert (plan.closes, plan.reopens, plan.opens) == (False, True, False)
    assert not any(placed.in_new for placed in plan.placed)


@given(
    seconds=st.lists(st.integers(-100, 1799), min_size=1, max_size=8, unique=True),
    data=st.data(),
    latest=st.sampled_from([None, Ticket(Status.OPEN), CLOSING]),
)
def test_r15_before_a_deadline_order_and_batching_make_no_difference(
    seconds: list[int], data: st.DataObject, latest: Ticket | None
) -> None:
    shuffled = data.draw(st.permutations(seconds))
    cut = data.draw(st.integers(0, len(seconds)))

    at_once = _places(_plan(latest, *seconds))
    first = _plan(latest, *shuffled[:cut])
    second = _plan(Ticket(Status.OPEN) if first.opens else latest, *shuffled[cut:])

    # What a first batch opened is where the second one joins.
    in_two = _places(first) + [
        (one, in_new or first.opens, mark) for one, in_new, mark in _places(second)
    ]
    assert sorted(in_two) == sorted(at_once)
