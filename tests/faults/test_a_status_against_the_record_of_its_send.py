"""A status that comes at the moment at which its send is recorded, a thousand times (decision 11).

`RACE_WITHOUT=wamid_lock` (see races.py) makes it fail.
"""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.faults.races import Race, race_without, removed_guards
from tests.faults.status_against_record import StatusAgainstRecord

HEATS = 50
CONTACTS = 20


@pytest.fixture
async def race(database_url: str, database: asyncpg.Connection) -> AsyncIterator[Race]:
    async with race_without(removed_guards(), database_url, database) as race:
        yield race


async def test_a_status_is_never_lost_between_two_who_do_not_see_each_other(race: Race) -> None:
    statuses = StatusAgainstRecord(race)

    done = await statuses.run()

    assert await statuses.find_faults(done) == []
    assert race.lost["wamid"] > 0, "the second look never found anything: nothing is proved"


async def test_batches_of_trackers_and_a_sender_do_not_deadlock(race: Race) -> None:
    statuses = StatusAgainstRecord(race)
    race.expected.add("received_events_once")

    await statuses.run_crosswise(HEATS, CONTACTS)

    assert await statuses.find_faults(HEATS * CONTACTS) == []
