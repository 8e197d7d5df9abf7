"""R6, R13, R14: what a router read before it had its locks may not hold any more when it has them.

The other one is always in the middle of its transaction when the router comes, so each of these
meets its race every time.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import pytest

from services.ticket_router import route_events as routing
from services.ticket_router.contact_rows import LOCK_ADDRESSES
from shared.database.transaction import Transaction
from shared.tickets.record_items import Recorded, record_items
from tests.eventually import eventually
from tests.faults.races import Race, race_without, removed_guards
from tests.waiting_for_locks import somebody_waits
from tests.webhooks import events_of, text_message, webhook_of

PHONE, OTHER_PHONE = "34600111222", "34600999888"

LOCK = "SELECT FROM contacts WHERE id = $1 FOR NO KEY UPDATE"
FIND_CONTACT = "SELECT contact_id FROM contact_addresses WHERE value = $1"
PASS_ON = "UPDATE contact_addresses SET contact_id = $2 WHERE value = $1"
ADD_USER_ID = "INSERT INTO contact_addresses VALUES ('user_id', 'ES.222', $1)"
MAKE_CONTACT = """
WITH contact AS (INSERT INTO contacts DEFAULT VALUES RETURNING id)
INSERT INTO contact_addresses (kind, value, contact_id) SELECT 'phone', $1, id FROM contact
"""
KEEP_CHANGE = """
INSERT INTO identity_changes (event_key, old_phone, new_phone, changed_at, kept_at)
VALUES ('change', $1, $2, to_timestamp(1700000000), now())
"""
FIND_ADDRESSES = "SELECT array_agg(value ORDER BY value) FROM contact_addresses GROUP BY contact_id"
CLOSE = """
UPDATE tickets SET status = 'closing', closing_message_id = 0, closing_at = now() - interval '1 h',
       closes_at = date_trunc('second', clock_timestamp()) + interval '1 second'
"""
FIND_WRITTEN = """
SELECT contact_id, ticket_id FROM messages JOIN tickets ON tickets.id = ticket_id
WHERE text = 'dos'
"""


REACTION_TO_NOTHING = text_message(PHONE, "") | {"type": "reaction", "reaction": {"emoji": "x"}}


@pytest.fixture
async def race(database_url: str, database: asyncpg.Connection) -> AsyncIterator[Race]:
    async with race_without(removed_guards(), database_url, database) as race:
        yield race


async def find_contact(race: Race, phone: str) -> int:
    return int(await race.pool.fetchval(FIND_CONTACT, phone))


async def write(race: Race, text: str, phone: str = PHONE, **more: Any) -> None:
    await race.route(events_of(webhook_of(text_message(phone, text, **more))))


def write_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have two routers look before either of them writes; one has written before the other does.

    Were both to write at one moment, PostgreSQL would choose which index they meet in.
    """
    both = asyncio.Barrier(2)
    to_wait = [True, True]
    one_after_the_other = asyncio.Lock()

    async def record_together(tx: Transaction, items: Sequence[Recorded]) -> None:
        if to_wait:
            to_wait.pop()
            await both.wait()
        async with one_after_the_other:
            await record_items(tx, items)

    monkeypatch.setattr(routing, "record_items", record_together)


async def test_r6_a_deadline_that_passes_while_the_router_waits_for_the_contact_has_passed(
    race: Race,
) -> None:
    await write(race, "uno")
    old = await race.pool.fetchval("SELECT id FROM tickets")
    async with race.database.transaction():
        await race.database.execute(LOCK, await find_contact(race, PHONE))
        going = asyncio.create_task(write(race, "dos", at=1_700_000_000))
        await eventually(lambda: somebody_waits(race.pool))
        await race.database.execute(CLOSE)

        async def over() -> None:
            assert await race.database.fetchval("SELECT max(closes_at) FROM tickets") <= (
                await race.database.fetchval("SELECT clock_timestamp()")
            )

        await eventually(over)
    await going

    (written,) = await race.pool.fetch(FIND_WRITTEN)
    assert written["ticket_id"] != old


async def test_r13_a_phone_that_passes_to_another_contact_meanwhile_is_the_others(
    race: Race,
) -> None:
    await write(race, "uno")
    await write(race, "uno", OTHER_PHONE)
    other = await find_contact(race, OTHER_PHONE)
    async with race.database.transaction():
        await race.database.execute(LOCK, await find_contact(race, PHONE))
        going = asyncio.create_task(write(race, "dos"))
        await eventually(lambda: somebody_waits(race.pool))
        await race.database.execute(PASS_ON, PHONE, other)
    await going

    (written,) = await race.pool.fetch(FIND_WRITTEN)
    assert written["contact_id"] == other


async def test_r13_two_people_who_show_one_phone_at_once_stay_two(race: Race) -> None:
    await write(race, "uno")
    contact = await find_contact(race, PHONE)
    async with race.database.transaction():
        await race.database.execute(LOCK, contact)
        going = asyncio.create_task(write(race, "dos", from_user_id="ES.111"))
        await eventually(lambda: somebody_waits(race.pool))
        await race.database.execute(ADD_USER_ID, contact)
    await going

    (written,) = await race.pool.fetch(FIND_WRITTEN)
    assert written["contact_id"] == await find_contact(race, "ES.111") != contact


async def test_r13_a_contact_that_another_router_makes_meanwhile_costs_no_second_attempt(
    race: Race,
) -> None:
    async with race.database.transaction():
        await race.database.execute(LOCK_ADDRESSES, [f"phone:{PHONE}"])
        going = asyncio.create_task(write(race, "dos"))
        await eventually(lambda: somebody_waits(race.pool))
        await race.database.execute(MAKE_CONTACT, PHONE)
    await going

    (written,) = await race.pool.fetch(FIND_WRITTEN)
    assert written["contact_id"] == await find_contact(race, PHONE)
    assert race.lost == {}


async def test_r13_a_change_that_another_router_keeps_meanwhile_finds_its_contact(
    race: Race,
) -> None:
    async with race.database.transaction():
        await race.database.execute(LOCK_ADDRESSES, [f"phone:{PHONE}"])
        going = asyncio.create_task(write(race, "dos", at=1_600_000_000))
        await eventually(lambda: somebody_waits(race.pool))
        await race.database.execute(KEEP_CHANGE, PHONE, OTHER_PHONE)
    await going

    assert await race.pool.fetchval(FIND_ADDRESSES) == [PHONE, OTHER_PHONE]
    assert await race.pool.fetchval("SELECT count(*) FROM identity_changes") == 0


async def test_r14_what_belongs_to_nobody_counts_once_at_two_routers_at_once(
    race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no contact to lock: both have looked before either has written."""
    write_together(monkeypatch)
    first, again = (events_of(webhook_of(REACTION_TO_NOTHING)) for _ in range(2))

    await asyncio.gather(race.route(first), race.route(again))

    rows = await race.pool.fetch("SELECT outcome FROM received_events ORDER BY outcome")
    assert [row["outcome"] for row in rows] == ["duplicate", "recorded"]


async def test_r14_one_item_at_two_routers_at_once_is_recorded_by_one(
    race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RabbitMQ delivers again what a router holds that is frozen; then it goes on."""
    write_together(monkeypatch)
    events = events_of(webhook_of(REACTION_TO_NOTHING))

    await asyncio.gather(race.route(events), race.route(events))

    assert await race.pool.fetchval("SELECT count(*) FROM received_events") == 1
    assert race.lost["items were recorded meanwhile"] == 1
