"""An agent opens a ticket, and the citizen sees it; no message waits for that."""

import signal
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from tests.eventually import eventually
from tests.integration.sender.test_send_outbox import outbox_is_empty
from tests.routing import route
from tests.system import Process, System
from tests.webhooks import text_message

PHONE = "34600111222"


@pytest.fixture
async def opening(system: System) -> System:
    """Run what citizens and agents need; the sender is started by the tests."""
    await system.start_all(sender=0, status_tracker=0, media_validator=0, scheduler=0)
    return system


def ago(seconds: int) -> int:
    return int(datetime.now(UTC).timestamp()) - seconds


async def write(system: System, *texts: str, phone: str = PHONE, **more: Any) -> str:
    """Have a citizen write, a second apart and up to now; give the ticket's number."""
    for place, text in enumerate(texts):
        await system.write(phone, text, **{"timestamp": ago(len(texts) - place), **more})
    await system.webhooks_at_rest()

    async def routed() -> str:
        (ticket,) = await system.tickets(q=phone)
        assert {*texts} <= {message["text"] for message in await system.messages(ticket["number"])}
        return str(ticket["number"])

    return await eventually(routed)


async def read(system: System, number: str) -> None:
    status, ticket = await system.desk("POST", f"/tickets/{number}/read")
    assert status == 200, ticket


async def ticks(system: System, phone: str = PHONE) -> list[str]:
    """Give what the citizen sees at each of its messages."""
    return [message["status"] for message in await system.phone(phone, "inbound")]


async def no_mark_is_due(database: asyncpg.Connection) -> None:
    due = await database.fetchval("SELECT count(*) FROM read_marks WHERE due_at IS NOT NULL")
    assert due == 0


def receipts(system: System) -> list[int]:
    """Give how many messages each receipt turned blue, as WhatsApp noted them."""
    return [line["messages"] for line in system.events("simulator.marked_read")]


async def test_an_agent_opens_a_ticket_and_the_citizen_sees_all_messages_as_read(
    opening: System, database: asyncpg.Connection
) -> None:
    await opening.start("sender")
    number = await write(opening, "Hola", "¿Hay alguien?", "Gracias")
    assert await ticks(opening) == ["delivered"] * 3

    await read(opening, number)

    await eventually(lambda: no_mark_is_due(database))
    assert await ticks(opening) == ["read"] * 3
    assert receipts(opening) == [3], "the newest one speaks for all"
    assert len(opening.events("read_mark.sent")) == 1


async def test_what_was_marked_is_not_marked_again(
    opening: System, database: asyncpg.Connection
) -> None:
    await opening.start("sender")
    number = await write(opening, "Hola", timestamp=ago(100))
    await read(opening, number)
    await eventually(lambda: no_mark_is_due(database))

    await read(opening, number)
    await write(opening, "llega tarde", timestamp=ago(3600))
    await read(opening, number)
    await no_mark_is_due(database)
    await write(opening, "nuevo", timestamp=ago(50))
    await read(opening, number)

    await eventually(lambda: no_mark_is_due(database))
    assert receipts(opening) == [1, 2]


async def test_no_mark_is_sent_before_the_messages_that_are_due(
    opening: System, database: asyncpg.Connection
) -> None:
    """More than are under way at once, and WhatsApp is slow."""
    number = await write(opening, "Hola")
    await route(opening.database_url, *(text_message(f"3460012{n:04}", "Hola") for n in range(150)))
    await read(opening, number)
    await opening.behave(delay_seconds=0.7)

    await opening.start("sender")

    await eventually(lambda: no_mark_is_due(database))
    await outbox_is_empty(database)
    (simulator,) = opening.of("whatsapp_simulator")
    order = [
        line["event"]
        for line in simulator.lines()
        if line["event"] in {"simulator.message_accepted", "simulator.marked_read"}
    ]
    assert order == ["simulator.message_accepted"] * 151 + ["simulator.marked_read"]


async def test_two_senders_send_each_mark_once(
    opening: System, database: asyncpg.Connection
) -> None:
    phones = [f"3460013{n:04}" for n in range(12)]
    for phone in phones:
        await read(opening, await write(opening, "Hola", phone=phone))
    # Longer than a look at the table, and shorter than a lease.
    await opening.behave(delay_seconds=1.5)

    await opening.start("sender")
    await opening.start("sender")

    await eventually(lambda: no_mark_is_due(database))
    assert receipts(opening) == [1] * 12
    assert [await ticks(opening, phone) for phone in phones] == [["read"]] * 12
    senders = [len(one.events("read_mark.sent")) for one in opening.of("sender")]
    assert sum(senders) == 12
    assert 0 not in senders


async def test_the_mark_of_a_sender_that_was_killed_is_sent_by_the_next(
    opening: System, database: asyncpg.Connection
) -> None:
    number = await write(opening, "Hola")
    killed = await opening.start("sender")
    await eventually(lambda: outbox_is_empty(database))
    # WhatsApp notes it, and the sender dies while it waits for the answer.
    await opening.behave(delay_seconds=60)
    await read(opening, number)
    await eventually(lambda: noted(opening))
    await end(killed)
    await opening.behave(delay_seconds=0)

    await opening.start("sender")

    await eventually(lambda: no_mark_is_due(database))
    (sent,) = opening.events("read_mark.sent")
    assert sent["attempt"] == 2
    assert receipts(opening) == [1, 0]


async def noted(system: System) -> None:
    assert receipts(system) == [1]


async def end(process: Process) -> None:
    process.signal(signal.SIGKILL)
    await process.process.wait()


async def test_what_fails_for_now_is_tried_again(
    opening: System, database: asyncpg.Connection
) -> None:
    number = await write(opening, "Hola")
    await opening.start("sender")
    await eventually(lambda: outbox_is_empty(database))
    await opening.behave(http_500_next=1)

    await read(opening, number)

    await eventually(lambda: no_mark_is_due(database))
    (again,) = opening.events("read_mark.retry")
    assert (again["attempt"], again["status"]) == (1, 500)
    assert await ticks(opening) == ["read"]


async def test_what_whatsapp_does_not_know_is_dropped_and_holds_up_nothing(
    opening: System, database: asyncpg.Connection
) -> None:
    await route(opening.database_url, text_message(PHONE, "de otro WhatsApp"))
    (ticket,) = await opening.tickets(q=PHONE)
    known = await write(opening, "Hola", phone="34600999888")
    await opening.start("sender")

    await read(opening, ticket["number"])
    await read(opening, known)

    await eventually(lambda: no_mark_is_due(database))
    (dropped,) = opening.events("read_mark.dropped")
    assert (dropped["code"], dropped["attempt"]) == (131009, 1)
    assert await ticks(opening, "34600999888") == ["read"]


async def test_a_channel_that_stands_still_gets_no_marks(
    opening: System, database: asyncpg.Connection
) -> None:
    number = await write(opening, "Hola")
    await database.execute("DELETE FROM outbox")
    await database.execute("UPDATE channel SET stopped_at = now(), probe_at = 'infinity'")
    await opening.start("sender", wait=False)
    await read(opening, number)

    with pytest.raises(AssertionError):
        await eventually(lambda: no_mark_is_due(database), within=2)
    assert receipts(opening) == []
    await database.execute("UPDATE channel SET stopped_at = NULL, probe_at = NULL")

    await eventually(lambda: no_mark_is_due(database))
    assert receipts(opening) == [1]


async def test_where_the_setting_is_off_whatsapp_is_told_nothing(
    system: System, database: asyncpg.Connection
) -> None:
    system.environment["READ_MARKS"] = "off"
    await system.start_all(status_tracker=0, media_validator=0, scheduler=0)
    number = await write(system, "Hola")

    await read(system, number)

    assert await database.fetchval("SELECT count(*) FROM read_marks") == 0
    (ticket,) = await system.tickets()
    assert ticket["unread"] == 0


async def test_marks_that_are_left_when_the_setting_is_turned_off_stay(
    opening: System, database: asyncpg.Connection
) -> None:
    number = await write(opening, "Hola")
    await read(opening, number)

    await opening.start("sender", environment={"READ_MARKS": "off"})

    await eventually(lambda: outbox_is_empty(database))
    with pytest.raises(AssertionError):
        await eventually(lambda: no_mark_is_due(database), within=2)
    assert await ticks(opening) == ["delivered"]
