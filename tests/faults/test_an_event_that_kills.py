"""An event that kills whoever handles it is buried alone, however many neighbours it has."""

import sys
from time import monotonic
from typing import Any

import asyncpg
import pytest

from shared.events import Event
from tests.eventually import eventually
from tests.faults.envelopes import dead_letters, envelope_of, event_of, events_in, publish
from tests.faults.sabotage import MARKER
from tests.faults.supervisor import Supervisor, supervised
from tests.system import System

ROUTERS = 3
WARM_UP = 30
HEALTHY = 500
LONGEST = 60.0


def healthy(number: int) -> Event:
    return event_of(f"346{number:08d}", "hola")


def singly(killer: Event) -> list[bytes]:
    """500 envelopes of one event each, the killer's among them."""
    events = [healthy(number) for number in range(HEALTHY)]
    events.insert(HEALTHY // 2, killer)
    return [envelope_of([event]) for event in events]


def in_envelopes(killer: Event) -> list[bytes]:
    """Envelopes of ten events, with the killer in the middle of one."""
    events = [healthy(number) for number in range(HEALTHY)]
    envelopes = [events[start : start + 10] for start in range(0, HEALTHY, 10)]
    envelopes[len(envelopes) // 2].insert(5, killer)
    return [envelope_of(envelope) for envelope in envelopes]


async def warm_up(system: System, routers: Supervisor, database: asyncpg.Connection) -> int:
    """Let every router commit something fresh, so that each takes deliveries in full.

    Give how many events that took: one router may be quicker than the others.
    """
    published = 0

    async def warm() -> None:
        nonlocal published
        events = [event_of(f"347{published + n:08d}", "antes") for n in range(WARM_UP)]
        await publish(system.amqp_url, [envelope_of([event]) for event in events])
        published += WARM_UP
        for router in routers.processes:
            assert router.events("worker.consuming")[-1]["prefetch"] > 1

    async def committed() -> None:
        assert await database.fetchval("SELECT count(*) FROM received_events") == published

    await eventually(warm, every=0.3)
    await eventually(committed)
    return published


@pytest.mark.parametrize("envelopes", [singly, in_envelopes])
async def test_an_event_that_kills_its_worker_is_buried_alone_among_500(
    system: System, database: asyncpg.Connection, envelopes: Any
) -> None:
    killer = event_of("34600999999", MARKER)
    async with supervised(system, "ticket_router", ROUTERS, "killer") as routers:
        warmed = await warm_up(system, routers, database)
        started = monotonic()
        await publish(system.amqp_url, envelopes(killer))

        async def settled() -> None:
            outcomes = await outcomes_in(database)
            assert outcomes == {"stored": warmed + HEALTHY, "dead": 1}
            lengths = await system.queue_lengths()
            assert lengths["ticket_router"] == 0

        await eventually(settled, within=LONGEST)
        sys.stdout.write(
            f"{envelopes.__name__}: {routers.restarts} restarts, {monotonic() - started:.1f} s\n"
        )

    (letter,) = await dead_letters(system.amqp_url)
    assert [event.item_id for event in events_in(letter)] == [killer.item_id]
    assert letter.headers["x-reason"] == "its workers did not survive it"
    assert letter.headers["x-origin"] == "ticket_router"
    assert int(str(letter.headers["x-delivered"])) >= 5
    dead = await database.fetchrow("SELECT * FROM received_events WHERE outcome = 'dead'")
    assert dead is not None
    assert (dead["item_id"], dead["reason"]) == (killer.item_id, "its workers did not survive it")
    assert MARKER.encode() in dead["raw"]
    texts = await database.fetch("SELECT text, count(*) FROM messages GROUP BY text, event_key")
    assert {row["count"] for row in texts if row["text"] == "hola"} == {1}


async def outcomes_in(database: asyncpg.Connection) -> dict[str, int]:
    rows = await database.fetch("SELECT outcome, count(*) FROM received_events GROUP BY outcome")
    return {row["outcome"]: row["count"] for row in rows}
