"""The race tests prove something: without the guard they are about, they fail."""

import asyncpg
import pytest

from tests.faults.message_against_deadline import Deadlines
from tests.faults.races import CONTACT_LOCK, ONE_OPEN_INDEX, RACES, WAMID_LOCK, race_without
from tests.faults.status_against_record import StatusAgainstRecord
from tests.faults.two_first_messages import (
    find_open_tickets,
    message_against_a_hand,
    two_first_messages,
)


async def test_without_the_contact_lock_two_first_messages_meet_in_the_index(
    database_url: str, database: asyncpg.Connection
) -> None:
    async with race_without({CONTACT_LOCK}, database_url, database) as race:
        done = await race.run(two_first_messages)

        assert done <= RACES
        assert race.lost["tickets_one_open"] > 0


async def test_without_lock_and_index_a_contact_has_two_open_tickets(
    database_url: str, database: asyncpg.Connection
) -> None:
    async with race_without({CONTACT_LOCK, ONE_OPEN_INDEX}, database_url, database) as race:
        for number in range(RACES):
            await two_first_messages(race, number)
            if 2 in await find_open_tickets(race):
                return

    pytest.fail("a thousand races were won without their guards")


async def test_without_the_index_a_ticket_opened_by_hand_is_a_second_one(
    database_url: str, database: asyncpg.Connection
) -> None:
    async with race_without({ONE_OPEN_INDEX}, database_url, database) as race:
        for number in range(RACES):
            await message_against_a_hand(race, number)
            if 2 in await find_open_tickets(race):
                return

    pytest.fail("a thousand races were won without their guard")


async def test_without_the_contact_lock_a_deadline_is_torn(
    database_url: str, database: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with race_without({CONTACT_LOCK}, database_url, database) as race:
        deadlines = Deadlines(race)
        await deadlines.watch(monkeypatch)
        await deadlines.run()

        assert await deadlines.find_faults()


async def test_without_the_wamid_lock_a_status_waits_for_ever(
    database_url: str, database: asyncpg.Connection
) -> None:
    async with race_without({WAMID_LOCK}, database_url, database) as race:
        statuses = StatusAgainstRecord(race)
        done = await statuses.run()

        (fault, *_) = await statuses.find_faults(done)
        assert fault.startswith("lost: ")
