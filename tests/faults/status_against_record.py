"""A status without our data meets the sender that records the answer which makes it known."""

import asyncio
from collections.abc import Sequence

from services.status_tracker.track_statuses import track_statuses
from shared.broker.settle import Settler
from shared.events import Event, webhook_events
from shared.service import Service
from tests.faults.races import AT_ONCE, RACES, Race
from tests.outgoing import Outgoing, record_accepted, status_events, write_outgoing
from tests.system import PHONE_NUMBER_ID

FIND_LOST = """
SELECT messages.id, messages.delivery, outbox.state,
       (SELECT count(*) FROM early_statuses WHERE early_statuses.wamid = messages.wamid) AS waiting
FROM messages LEFT JOIN outbox ON outbox.message_id = messages.id
WHERE messages.delivery <> 'delivered' OR outbox.state IS NOT NULL
   OR EXISTS (SELECT FROM early_statuses WHERE early_statuses.wamid = messages.wamid)
"""

FIND_LEDGER = """
SELECT outcome, count(*), count(message_id) FROM received_events GROUP BY outcome
"""


class StatusAgainstRecord:
    """Races of one status, in one tracker, against one answer, in one sender."""

    def __init__(self, race: Race) -> None:
        self.race = race
        # The tracker's second look found the message: it begins anew, as it should.
        race.expected.add("wamid")
        self._settler = Settler("status_tracker", self._handle, race.judge, Service())

    async def run(self) -> int:
        """Run a thousand races, some at a time, up to the first lost one; give how many ran."""
        for start in range(0, RACES, AT_ONCE):
            messages = await write_outgoing(self.race.database, AT_ONCE, wamid_known=False)
            await asyncio.gather(*(self._one(one, start) for one in messages))
            if await self.race.database.fetchrow(FIND_LOST) or self.race.unexpected:
                return start + AT_ONCE
        return RACES

    async def run_crosswise(self, heats: int, size: int) -> None:
        """Let batches of several contacts meet, in opposite orders, one half with our data."""
        for _ in range(heats):
            messages = await write_outgoing(self.race.database, size, wamid_known=False)
            statuses = [
                one.status("delivered", by_callback=place % 2 == 0)
                for place, one in enumerate(messages)
            ]
            await asyncio.gather(
                self._track(status_events(*statuses)),
                self._track(status_events(*reversed(statuses))),
                record_accepted(self.race.pool, list(reversed(messages))),
            )

    async def find_faults(self, races: int) -> list[str]:
        """Say which statuses were lost, and what the ledger has else than one row for each."""
        lost = await self.race.database.fetch(FIND_LOST)
        faults = [f"lost: {dict(row)}" for row in lost]
        rows = [tuple(row) for row in await self.race.database.fetch(FIND_LEDGER)]
        stored = [row for row in rows if row[0] != "duplicate"]
        if stored != [("stored", races, races)]:
            faults.append(f"ledger: {rows}")
        return faults + [f"{what}: {times} times" for what, times in self.race.unexpected.items()]

    async def _one(self, message: Outgoing, number: int) -> None:
        async def record() -> None:
            await self._a_little_later(number // AT_ONCE % 8)
            await record_accepted(self.race.pool, [message])

        await asyncio.gather(self._track(status_events(message.status("delivered"))), record())

    async def _a_little_later(self, steps: int) -> None:
        """Let the two meet at another step of each other every time."""
        async with self.race.pool.acquire() as connection:
            for _ in range(steps):
                await connection.execute("SELECT 1")

    async def _track(self, events: Sequence[Event]) -> None:
        for one in await self._settler.settle(events):
            self.race.lost[f"dead: {one.reason}"] += 1

    async def _handle(self, events: Sequence[Event]) -> None:
        await track_statuses(self.race.pool, PHONE_NUMBER_ID, webhook_events(events))
