"""The event stream: everything that changes is told once, in an order without gaps."""

import asyncio
import signal
from typing import Any

import asyncpg
import pytest

from services.agent_desk.stream_events import PING_SECONDS
from tests.eventually import eventually
from tests.faults.tcp_proxy import proxy_to
from tests.integration.agent_desk.event_stream import Event, follow, take_nothing
from tests.integration.agent_desk.files import Files, open_ticket
from tests.routing import route
from tests.system import System
from tests.webhooks import text_message

PHONE = "34600111222"
LAST_LOOK = """
SELECT max(query_start) FROM pg_stat_activity
WHERE datname = current_database() AND query LIKE '%FROM changes%xid DESC%'
  AND pid <> pg_backend_pid()
"""
FLOOD = """
INSERT INTO changes (kind, ticket_id) SELECT 'ticket', id
FROM tickets CROSS JOIN generate_series(1, $1)
"""


async def test_what_changes_is_told_with_what_a_client_needs_to_fetch_it(
    desk: System, files: Files, database: asyncpg.Connection
) -> None:
    async with follow(desk) as stream:
        number = await open_ticket(desk, PHONE)
        first, opening = (message["id"] for message in await desk.messages(number))
        opened = [await stream.next()]
        while {("message", first), ("message", opening)} - {
            (event.name, event.data.get("id")) for event in opened if event.name
        }:
            opened.append(await stream.next())

        await database.execute("UPDATE messages SET delivery = 'sent' WHERE id = $1", opening)
        attachment = await files.add(first, "pending")
        await database.execute(
            "UPDATE attachments SET state = 'refused', reason = 'format', next_attempt_at = NULL"
        )
        await desk.desk("POST", f"/tickets/{number}/read")
        told: list[tuple[Any, ...]] = []
        while not told or told[-1][0] != "attachment":
            told += [event[:2] for event in await stream.take(1)]
        told += [event[:2] for event in await stream.take(1)]

    assert opened[0].name == "", "the place is told before anything has happened"
    assert all(event.data["ticket"] == number for event in opened[1:])
    assert ("delivery", {"ticket": number, "id": opening, "delivery": "sent"}) in told
    assert told[-2:] == [
        (
            "attachment",
            {"ticket": number, "id": attachment, "state": "refused", "message_id": first},
        ),
        ("ticket", {"ticket": number}),
    ]


@pytest.mark.parametrize("in_query", [False, True])
async def test_a_client_that_comes_back_gets_what_it_missed_and_nothing_twice(
    desk: System, *, in_query: bool
) -> None:
    await open_ticket(desk, PHONE)
    async with follow(desk) as stream:
        place = (await stream.next()).id
    await route(desk.database_url, *(text_message(PHONE, f"{n}") for n in range(5)))
    async with follow(desk, place, in_query=in_query) as stream:
        all_of_it = await stream.take(6)

    for seen in (1, 3):
        async with follow(desk, all_of_it[seen - 1].id, in_query=in_query) as stream:
            assert await stream.take(6 - seen) == all_of_it[seen:]
    assert [event.name for event in all_of_it].count("message") == 5
    assert desk.events("stream.opened")[-1]["resumed"]


async def test_a_transaction_that_ends_late_is_not_passed_by(
    desk: System, database: asyncpg.Connection
) -> None:
    """Its rows have the lower ids, and become visible after those of the other."""
    early, late = await open_ticket(desk, PHONE), await open_ticket(desk, "34600999888")
    update = "UPDATE tickets SET unread = unread + 1 WHERE number = $1"
    other = await asyncpg.connect(desk.database_url)
    async with follow(desk) as stream:
        await stream.next()
        async with database.transaction():
            await database.execute(update, early)
            await other.execute(update, late)
            # Once to see it, and once more to have read it, if it could be seen.
            for _ in range(2):
                await looked_again(other)
        told = await stream.take(2)
    await other.close()

    assert [event.data["ticket"] for event in told] == [early, late]


async def test_a_client_that_comes_back_does_not_pass_by_what_is_under_way(
    desk: System, database: asyncpg.Connection
) -> None:
    """It has something to read already, and what lies behind the open transaction could be read."""
    early, late = await open_ticket(desk, PHONE), await open_ticket(desk, "34600999888")
    update = "UPDATE tickets SET unread = unread + 1 WHERE number = $1"
    other = await asyncpg.connect(desk.database_url)
    async with follow(desk) as stream:
        place = (await stream.next()).id
    await database.execute(update, early)
    under_way = database.transaction()
    await under_way.start()
    await database.execute(update, early)
    await other.execute(update, late)
    async with follow(desk, place) as stream:
        told = await stream.take(1)
        await under_way.commit()
        told += await stream.take(1)

        assert [event.data["ticket"] for event in told] == [early, early]
        assert (await stream.take(1))[0].data["ticket"] == late
    await other.close()


async def test_a_place_that_is_not_kept_any_more_means_that_the_client_must_load_anew(
    desk: System, database: asyncpg.Connection
) -> None:
    number = await open_ticket(desk, PHONE)
    async with follow(desk) as stream:
        await desk.desk("POST", f"/tickets/{number}/read")
        (old,) = await stream.take(1)
    await desk.desk("POST", f"/tickets/{number}/close")
    await database.execute("DELETE FROM changes WHERE (xid, id) <= ($1, $2)", *numbers(old))

    for place in (old.id, "x", "1", "1.1.1", "-1.1", f"{2**62}.1", "9" * 30 + ".1", "1.%00"):
        async with follow(desk, place, in_query=True) as stream:
            reset = await stream.next()
            assert (reset.name, reset.data) == ("reset", {}), place
            text = await desk.desk("POST", f"/tickets/{number}/messages", {"text": "Hola"})
            assert text[0] == 202
            assert (await stream.take(1))[0].data["ticket"] == number
        async with follow(desk, reset.id) as stream:
            assert (await stream.take(1))[0].name != "reset"


def numbers(event: Event) -> tuple[int, int]:
    xid, row = event.id.split(".")
    return int(xid), int(row)


async def test_without_its_database_a_stream_ends_and_goes_on_where_it_was(
    system: System, database_url: str
) -> None:
    async with proxy_to(database_url) as (proxy, url):
        process = await system.start("agent_desk", environment={"DATABASE_URL": url})
        number = await open_ticket(system, PHONE)
        async with follow(system) as stream:
            place = (await stream.next()).id
            proxy.refuse()
            await stream.rest()
        await proxy.listen()
        await system.ready(process)
        await system.desk("POST", f"/tickets/{number}/read")

        async with follow(system, place) as stream:
            assert (await stream.take(1))[0][:2] == ("ticket", {"ticket": number})
    assert system.events("request.failed") == []


async def test_a_desk_that_is_told_to_end_does_not_wait_for_those_who_listen(
    desk: System, database: asyncpg.Connection
) -> None:
    """Not even for one that takes nothing of what waits for it."""
    await open_ticket(desk, PHONE)
    (process,) = desk.of("agent_desk")
    async with follow(desk) as stream:
        place = (await stream.next()).id
        await database.execute(FLOOD, 100_000)
        async with take_nothing(desk, place), take_nothing(desk, place):

            async def opened() -> None:
                assert len(desk.events("stream.opened")) == 3

            await eventually(opened)
            # Much of the flood has been sent, so the two that take nothing have been reached too.
            await stream.take(90_000)
            process.signal(signal.SIGTERM)
            async with asyncio.timeout(8):
                assert await process.process.wait() == 0
            await stream.rest()

    (stopped,) = process.events("service.stopped")
    assert stopped["took_ms"] < 5000
    assert len(process.events("stream.closed")) == 3


async def test_the_database_is_only_asked_while_somebody_listens(
    desk: System, database: asyncpg.Connection
) -> None:
    assert await database.fetchval(LAST_LOOK) is None
    async with follow(desk):
        await looked_again(database)
        await looked_again(database)

    async def rests() -> None:
        assert await database.fetchval(f"SELECT ({LAST_LOOK}) < now() - interval '1 s'")

    await eventually(rests)


async def looked_again(database: asyncpg.Connection) -> None:
    """Wait until the poller has asked anew."""
    now = await database.fetchval("SELECT clock_timestamp()")

    async def asked() -> None:
        last = await database.fetchval(LAST_LOOK)
        assert last is not None
        assert last > now

    await eventually(asked)


@pytest.mark.long
async def test_a_quiet_stream_says_that_it_is_alive(desk: System) -> None:
    async with follow(desk) as stream:
        await stream.next()
        async with asyncio.timeout(PING_SECONDS + 3):
            assert (await stream.answer.content.readline()).startswith(b":")
    assert PING_SECONDS + 3 < 15


async def test_the_stream_wants_a_token_and_has_no_head(desk: System) -> None:
    url = f"{desk.desk_url}/events"
    async with desk.http.get(url) as answer:
        assert answer.status == 401
    headers = {"Authorization": "Bearer test-admin-token"}
    async with desk.http.head(url, headers=headers) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")
