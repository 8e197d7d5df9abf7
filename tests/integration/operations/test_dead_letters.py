"""What an operator can do about dead letters; nothing is lost by it, and nothing is told twice."""

import asyncio
import signal
from collections.abc import Sequence
from uuid import UUID

import aio_pika
import asyncpg
import pytest

from shared.broker.connect import one_connection
from shared.broker.dead_letters import dead_letters_of
from shared.broker.topology import MEDIA_VALIDATOR, TICKET_ROUTER, dead_queue
from shared.events import AttachmentReceived, Event
from tests.eventually import eventually
from tests.faults.envelopes import channel_to, envelope_of, event_of, events_in
from tests.faults.sabotage import MARKER
from tests.integration.operations.conftest import Operator
from tests.system import System

PHONE = "34600111222"
HEADERS: dict[str, str | int] = {
    "x-reason": "ValueError",
    "x-origin": TICKET_ROUTER,
    "x-delivered": 3,
    "x-buried-at": "2026-11-23T10:00:00+00:00",
    "x-error": "ValueError",
    "x-traceback": f"Traceback\n  File x\n    y\nValueError: {PHONE}\n",
}


async def bury(
    amqp_url: str, bodies: Sequence[bytes], queue: str = TICKET_ROUTER, **headers: str
) -> None:
    """Put dead letters there, as a worker does."""
    async with channel_to(amqp_url) as channel:
        for body in bodies:
            message = aio_pika.Message(
                body,
                headers={**HEADERS, **{f"x-{key}": text for key, text in headers.items()}},
                delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            )
            await channel.default_exchange.publish(message, dead_queue(queue), timeout=10)


async def items_of(amqp_url: str, queue: str) -> list[str]:
    """Take everything out of a queue; give its items in their order."""
    items = []
    async with channel_to(amqp_url) as channel:
        declared = await channel.get_queue(queue, ensure=False)
        while (message := await declared.get(no_ack=True, fail=False)) is not None:
            items += [str(event.item_id) for event in events_in(message)]
    return items


async def dead_items(system: System, queue: str = TICKET_ROUTER) -> list[str]:
    """Give the items of the dead letters once all are back in the queue."""
    return await items_of(system.amqp_url, dead_queue(queue))


async def waiting(system: System, count: int) -> None:
    async def check() -> None:
        assert await ready(system, dead_queue(TICKET_ROUTER)) == count

    await eventually(check)


async def ready(system: System, queue: str) -> int:
    """Count what waits and is in nobody's hands; the management API would be seconds late."""
    async with channel_to(system.amqp_url) as channel:
        declared = await channel.declare_queue(queue, passive=True)
        return declared.declaration_result.message_count or 0


def several(count: int) -> list[Event]:
    return [event_of(f"346{number:08d}", f"mensaje {number}") for number in range(count)]


async def test_listing_says_what_was_buried_and_nothing_of_a_person(
    system: System, operator: Operator
) -> None:
    good = event_of(PHONE, "Me llamo Eulalia")
    await bury(system.amqp_url, [envelope_of([good]), b"no envelope"])
    old = {
        "error": "",
        "buried-at": "",
        "traceback": "x\n  y\nmodule.OldError: Eulalia\nDETAIL: 34",
    }
    await bury(system.amqp_url, [envelope_of(several(2))], reason="its workers died", **old)

    answer = await operator("dead-letters", "list", TICKET_ROUTER)

    assert (answer.code, answer.errors) == (0, "")
    lines = answer.text.splitlines()
    assert lines[0] == "3 dead letters of ticket_router"
    assert len(lines) == 2 + 4 + 2
    for word in (
        good.item_id,
        "message_received",
        "2026-11-23T10:00:00+00:00",
        " 3 ",
        "ValueError",
    ):
        assert str(word) in lines[2]
    assert lines[3].startswith("cannot be read")
    assert "2 times: ValueError" in lines
    for personal in (PHONE, "Eulalia", "wamid", "DETAIL"):
        assert personal not in answer.text


# The real command, killed when it has seen a hundred.
KILLED_IN_THE_MIDDLE = """
import os, signal
from services.operations import list_dead_letters
seen = []
def die(letter):
    seen.append(letter)
    if len(seen) == 100:
        os.kill(os.getpid(), signal.SIGKILL)
    return []
list_dead_letters._rows = die
from services.operations.commands import main
main()
"""


async def test_listing_keeps_the_order_and_loses_nothing_even_if_it_is_killed(
    system: System, operator: Operator
) -> None:
    events = several(300)
    await bury(system.amqp_url, [envelope_of([event]) for event in events])

    for limit in (300, 40, 1000):
        answer = await operator("dead-letters", "list", TICKET_ROUTER, "--limit", limit)
        shown = [line.split()[0] for line in answer.text.splitlines()[2:] if "message_rec" in line]
        assert shown == [str(event.item_id) for event in events[:limit]]
        await waiting(system, 300)
    listing = await operator.start(
        "dead-letters", "list", TICKET_ROUTER, program=("-c", KILLED_IN_THE_MIDDLE)
    )
    assert await listing.wait() == -signal.SIGKILL
    await waiting(system, 300)

    assert await dead_items(system) == [str(event.item_id) for event in events]


async def test_twenty_five_looks_are_no_reason_to_drop_a_letter(system: System) -> None:
    """RabbitMQ drops what was given back too often where a queue has its usual limit."""
    event = event_of(PHONE, "hola")
    await bury(system.amqp_url, [envelope_of([event])])

    for _ in range(25):
        async with (
            one_connection(system.amqp_url) as connection,
            dead_letters_of(connection, TICKET_ROUTER) as letters,
        ):
            assert [one.item_ids async for one in letters.read()] != []
        await waiting(system, 1)

    assert await dead_items(system) == [str(event.item_id)]


async def test_a_letter_is_replayed_and_its_row_gets_its_true_outcome(
    system: System, database: asyncpg.Connection, operator: Operator
) -> None:
    router = await system.start("ticket_router", sabotage="poison")
    poison, other = event_of(PHONE, f"hola {MARKER}"), event_of("34600111333", f"eh {MARKER}")
    async with channel_to(system.amqp_url) as channel:
        message = aio_pika.Message(envelope_of([poison, other]))
        exchange = await channel.get_exchange("events", ensure=False)
        await exchange.publish(message, TICKET_ROUTER)
    await waiting(system, 2)
    router.process.terminate()
    await router.process.wait()
    await system.start("ticket_router")
    await database.execute("INSERT INTO suspects VALUES ($1, 9)", poison.item_id)

    answer = await operator("dead-letters", "replay", TICKET_ROUTER, "--item", poison.item_id)

    assert answer == type(answer)(0, "1 dead letters of ticket_router are in its queue again\n", "")
    await eventually(lambda: expect_outcomes(database, {poison: "stored", other: "dead"}))
    assert await database.fetchval("SELECT count(*) FROM suspects") == 0
    assert await dead_items(system) == [str(other.item_id)]


async def expect_outcomes(database: asyncpg.Connection, expected: dict[Event, str]) -> None:
    rows = await database.fetch("SELECT item_id, outcome FROM received_events")
    outcomes: dict[UUID, str] = {row["item_id"]: row["outcome"] for row in rows}
    assert outcomes == {event.item_id: outcome for event, outcome in expected.items()}


async def test_all_are_replayed_in_their_order_and_those_that_come_back_only_once(
    system: System, database: asyncpg.Connection, operator: Operator
) -> None:
    events = several(150)
    await bury(system.amqp_url, [*(envelope_of([event]) for event in events), b"no envelope"])

    answer = await operator("dead-letters", "replay", TICKET_ROUTER, "--all")

    assert (answer.code, answer.text.split()[0]) == (0, "151")
    assert await dead_items(system) == []
    # The one that cannot be read comes back, and would for ever.
    await system.start("ticket_router", sabotage="poison")
    await waiting(system, 1)
    await eventually(lambda: expect_outcomes(database, dict.fromkeys(events, "stored")))
    again = await operator("dead-letters", "replay", TICKET_ROUTER, "--all")
    assert (again.code, again.text.split()[0]) == (0, "1")
    await waiting(system, 1)


async def test_a_replay_that_is_killed_loses_nothing(
    system: System, database: asyncpg.Connection, operator: Operator
) -> None:
    events = several(800)
    await bury(system.amqp_url, [envelope_of([event]) for event in events])
    replay = await operator.start("dead-letters", "replay", TICKET_ROUTER, "--all")

    async def under_way() -> None:
        assert await ready(system, TICKET_ROUTER)

    await eventually(under_way, every=0.01)
    replay.send_signal(signal.SIGKILL)
    await replay.wait()
    assert await ready(system, TICKET_ROUTER) < len(events)
    await system.start("ticket_router")
    await operator("dead-letters", "replay", TICKET_ROUTER, "--all")

    await eventually(lambda: expect_outcomes(database, dict.fromkeys(events, "stored")))
    assert await database.fetchval("SELECT count(*) FROM messages WHERE author = 'contact'") == 800


async def test_discarding_writes_the_reason_into_the_ledger(
    system: System, database: asyncpg.Connection, operator: Operator
) -> None:
    one, other = several(2)
    await bury(system.amqp_url, [envelope_of([one]), envelope_of([other]), b"no envelope"])
    arguments = ("dead-letters", "discard", TICKET_ROUTER)

    named = await operator(*arguments, "--item", one.item_id, "--reason", "spam, said Ana")
    rest = await operator(*arguments, "--all", "--reason", "test data")

    assert (named.code, rest.code) == (0, 0)
    assert "1 are dead in the ledger, with the reason" in named.text
    assert "1 could not be read" in rest.text
    rows = await database.fetch("SELECT reason FROM received_events ORDER BY item_id")
    assert [row["reason"] for row in rows] == ["discarded: spam, said Ana", "discarded: test data"]
    assert await dead_items(system) == []


async def test_discarding_what_was_handled_after_all_leaves_its_row(
    system: System, database: asyncpg.Connection, operator: Operator
) -> None:
    event = event_of(PHONE, "hola")
    await bury(system.amqp_url, [envelope_of([event])])
    await database.execute(
        "INSERT INTO received_events (item_id, event_key, outcome, received_at)"
        " VALUES ($1, $2, 'stored', now())",
        *(event.item_id, getattr(event, "event_key", "")),
    )

    answer = await operator("dead-letters", "discard", TICKET_ROUTER, "--all", "--reason", "x")

    assert "1 had been handled before: stored in the ledger, which stays" in answer.text
    await expect_outcomes(database, {event: "stored"})


async def test_one_item_of_a_letter_is_not_discarded_with_its_neighbours(
    system: System, operator: Operator
) -> None:
    events = several(3)
    await bury(system.amqp_url, [envelope_of(events)])

    answer = await operator(
        "dead-letters", "discard", TICKET_ROUTER, "--item", events[1].item_id, "--reason", "x"
    )

    assert answer.code == 1
    assert "holds other items" in answer.errors
    assert await dead_items(system) == [str(event.item_id) for event in events]


async def test_hints_of_attachments_are_listed_and_discarded_without_a_row(
    system: System, database: asyncpg.Connection, operator: Operator
) -> None:
    hint = AttachmentReceived(several(1)[0].item_id, 4711)
    await bury(system.amqp_url, [envelope_of([hint])], MEDIA_VALIDATOR)

    listed = await operator("dead-letters", "list", MEDIA_VALIDATOR)
    discarded = await operator("dead-letters", "discard", MEDIA_VALIDATOR, "--all", "--reason", "x")

    assert "attachment 4711" in listed.text
    assert (discarded.code, discarded.text.splitlines()[0][:1]) == (0, "1")
    assert await database.fetchval("SELECT count(*) FROM received_events") == 0


@pytest.mark.parametrize("command", ["list", "replay", "discard"])
async def test_what_is_away_is_said_in_one_line(operator: Operator, command: str) -> None:
    operator.environment["AMQP_URL"] = "amqp://guest:hunter2@127.0.0.1:9/"
    options = {"list": (), "replay": ("--all",), "discard": ("--all", "--reason", "x")}[command]

    answer = await operator("dead-letters", command, TICKET_ROUTER, *options)

    assert answer.code == 1
    assert answer.errors.count("\n") == 1
    assert "RabbitMQ does not answer" in answer.errors
    assert "hunter2" not in answer.errors


async def test_an_item_that_is_not_there_is_said_and_nothing_is_moved(
    system: System, operator: Operator
) -> None:
    event = event_of(PHONE, "hola")
    await bury(system.amqp_url, [envelope_of([event])])
    other = several(1)[0].item_id

    answer = await operator("dead-letters", "replay", TICKET_ROUTER, "--item", other)

    assert answer.code == 1
    assert f"no dead letter of item {other}" in answer.errors
    assert await dead_items(system) == [str(event.item_id)]


async def test_no_database_is_said_before_anything_is_moved(
    system: System, operator: Operator
) -> None:
    await bury(system.amqp_url, [envelope_of([event]) for event in several(3)])
    operator.environment["DATABASE_URL"] = "postgresql://127.0.0.1:9/nobody"

    answers = await asyncio.gather(
        operator("dead-letters", "replay", TICKET_ROUTER, "--all"),
    )

    assert [one.code for one in answers] == [1]
    assert "the database does not answer" in answers[0].errors
    await waiting(system, 3)
