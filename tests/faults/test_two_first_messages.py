"""R1, R3: two first messages of one contact at once, a thousand times.

`RACE_WITHOUT=contact_lock` (or `one_open_index`, see races.py) makes them fail.
"""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.faults.races import RACES, Race, race_without, removed_guards
from tests.faults.two_first_messages import (
    find_faults,
    find_open_tickets,
    message_against_a_hand,
    two_batches_crosswise,
    two_first_messages,
)

CONTACTS = 20


@pytest.fixture
async def race(database_url: str, database: asyncpg.Connection) -> AsyncIterator[Race]:
    async with race_without(removed_guards(), database_url, database) as race:
        yield race


async def test_two_first_messages_at_once_open_one_ticket(race: Race) -> None:
    done = await race.run(two_first_messages)

    assert await find_faults(race, done) == []


async def test_two_batches_of_the_same_contacts_do_not_deadlock(race: Race) -> None:
    for heat in range(RACES // CONTACTS):
        await two_batches_crosswise(race, heat, CONTACTS)

    assert await find_faults(race, RACES) == []


async def test_a_ticket_opened_by_hand_without_the_lock_is_stopped_by_the_index(
    race: Race,
) -> None:
    race.expected.add("tickets_one_open")

    done = await race.run(message_against_a_hand)

    assert await find_open_tickets(race) == {1: done}
    assert race.lost["tickets_one_open"] > 0, "the index never had to decide: nothing is proved"
    assert race.unexpected == {}
