"""R1 to R8 and R14 over PostgreSQL, through the use cases of the services."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.counter_on_postgres import CounterOnPostgres
from tests.properties.ticket_life import TicketLife, meet_every_deadline


@pytest.fixture
def counter(database_url: str) -> Iterator[CounterOnPostgres]:
    counter = CounterOnPostgres(database_url)
    yield counter
    counter.end()


def test_r1_to_r8_r14_hold_whatever_happens_to_a_ticket(counter: CounterOnPostgres) -> None:
    run_state_machine_as_test(
        # A function that makes one does as well as a class (hypothesis, stateful testing).
        lambda: TicketLife(counter),  # type: ignore[arg-type]
        settings=settings(
            max_examples=150,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


def test_r4_to_r7_hold_whoever_meets_the_deadline_first(counter: CounterOnPostgres) -> None:
    meet_every_deadline(counter)
