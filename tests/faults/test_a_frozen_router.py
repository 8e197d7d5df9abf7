"""A router that stops in mid-transaction holds its contacts' locks; the others go on."""

import signal
import sys
from pathlib import Path
from time import monotonic

import asyncpg
import pytest

from tests.eventually import eventually
from tests.faults.envelopes import envelope_of, event_of, publish
from tests.faults.sabotage import MARKER
from tests.system import Process, System

PHONE = "34600111222"
MESSAGES = 30
GO_ON_WITHIN = 5.0


async def test_a_frozen_router_stops_the_others_for_five_seconds_at_the_most(
    system: System, database: asyncpg.Connection
) -> None:
    routers = [
        await system.start("ticket_router", sabotage="freeze_in_transaction") for _ in range(3)
    ]
    await publish(system.amqp_url, [envelope_of([event_of(PHONE, MARKER)])])
    frozen = await eventually(lambda: find_frozen(routers))
    started = monotonic()

    bodies = [envelope_of([event_of(PHONE, f"mensaje {n}")]) for n in range(MESSAGES)]
    await publish(system.amqp_url, bodies)

    async def others_went_on() -> None:
        stored = await database.fetchval("SELECT count(*) FROM messages WHERE text LIKE 'men%'")
        assert stored >= MESSAGES - 1  # the frozen one holds one delivery at the most

    await eventually(others_went_on, within=GO_ON_WITHIN)
    sys.stdout.write(f"the others went on after {monotonic() - started:.1f} s\n")
    assert await database.fetchval("SELECT count(*) FROM messages WHERE text = $1", MARKER) == 0

    frozen.signal(signal.SIGCONT)

    async def all_is_there() -> None:
        rows = await database.fetch("SELECT text, ticket_id FROM messages WHERE author = 'contact'")
        expected = [MARKER, *(f"mensaje {n}" for n in range(MESSAGES))]
        assert sorted(row["text"] for row in rows) == sorted(expected)
        assert len({row["ticket_id"] for row in rows}) == 1

    await eventually(all_is_there)
    await eventually(lambda: nothing_is_left(system))
    openings = "SELECT count(*) FROM messages WHERE purpose = 'opening'"
    assert await database.fetchval(openings) == 1
    outcomes = "SELECT outcome, count(*) FROM received_events GROUP BY outcome"
    assert [tuple(row) for row in await database.fetch(outcomes)] == [("stored", MESSAGES + 1)]
    assert await database.fetchval("SELECT unread FROM tickets") == MESSAGES + 1
    assert all(router.running for router in routers)
    for router in routers:
        await system.ready(router)


@pytest.mark.long
async def test_what_a_frozen_router_held_comes_to_the_others_when_its_heartbeat_is_missed(
    system: System, database: asyncpg.Connection
) -> None:
    routers = [
        await system.start("ticket_router", sabotage="freeze_in_transaction") for _ in range(3)
    ]
    await publish(system.amqp_url, [envelope_of([event_of(PHONE, f"antes {n}")]) for n in range(9)])
    await eventually(lambda: nothing_is_left(system))
    bodies = [envelope_of([event_of(PHONE, f"mensaje {n}")]) for n in range(MESSAGES)]
    await publish(system.amqp_url, [envelope_of([event_of(PHONE, MARKER)]), *bodies])
    frozen = await eventually(lambda: find_frozen(routers))

    # The marked message freezes the next one too, and then the last: each of them is woken.
    async def all_is_there() -> None:
        for router in routers:
            if router is not frozen and state_of(router.pid) == "T":
                router.signal(signal.SIGCONT)
        count = "SELECT count(*) FROM messages WHERE author = 'contact'"
        assert await database.fetchval(count) == 9 + 1 + MESSAGES

    started = monotonic()
    await eventually(all_is_there, within=60)
    sys.stdout.write(f"what it held came to the others after {monotonic() - started:.1f} s\n")
    frozen.signal(signal.SIGCONT)
    await eventually(lambda: nothing_is_left(system))
    await eventually(lambda: system.ready(frozen))
    outcomes = "SELECT outcome, count(*) FROM received_events GROUP BY outcome"
    stored = [("stored", 9 + 1 + MESSAGES)]
    assert [tuple(row) for row in await database.fetch(outcomes)] == stored


async def find_frozen(routers: list[Process]) -> Process:
    states = {router.pid: state_of(router.pid) for router in routers}
    (frozen,) = [router for router in routers if states[router.pid] == "T"]
    return frozen


def state_of(pid: int) -> str:
    """Give the letter of a process's state: T is stopped (Linux, proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]


async def nothing_is_left(system: System) -> None:
    lengths = await system.queue_lengths()
    assert not any(lengths.values()), lengths
