"""R1 to R8 and R14 over the pure domain, in thousands of lives."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.counter_in_memory import CounterInMemory
from tests.properties.ticket_life import TicketLife, meet_every_deadline


def test_r1_to_r8_r14_hold_whatever_happens_to_a_ticket() -> None:
    run_state_machine_as_test(
        # A function that makes one does as well as a class (hypothesis, stateful testing).
        lambda: TicketLife(CounterInMemory()),  # type: ignore[arg-type]
        settings=settings(max_examples=1500, stateful_step_count=25, deadline=None),
    )


def test_r4_to_r7_hold_whoever_meets_the_deadline_first() -> None:
    meet_every_deadline(CounterInMemory())
