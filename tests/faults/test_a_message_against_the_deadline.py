"""R6, R7: a message is routed at the very moment at which its ticket closes, a thousand times.

`RACE_WITHOUT=contact_lock` (see races.py) makes it fail.
"""

import sys

import asyncpg
import pytest

from tests.faults.message_against_deadline import Deadlines
from tests.faults.races import RACES, race_without, removed_guards


async def test_a_message_at_the_deadline_is_in_the_right_ticket_and_never_in_a_closed_one(
    database_url: str, database: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with race_without(removed_guards(), database_url, database) as race:
        deadlines = Deadlines(race)
        await deadlines.watch(monkeypatch)

        await deadlines.run()

        assert await deadlines.find_faults() == []
    counts = deadlines.counts()
    sys.stdout.write(f"routed {counts}\n")
    assert counts["before"] + counts["after"] == 2 * RACES
    assert min(counts.values()) > RACES // 20, "too far from the deadline to prove anything"
