"""Workers that meet at one contact, on real connections, and what must hold afterwards.

Each race test can be run without one of the guards that it is about, to see that it then fails:

    RACE_WITHOUT=contact_lock     the contacts are read and not locked
    RACE_WITHOUT=one_open_index   the unique index on open tickets is dropped
    RACE_WITHOUT=wamid_lock       wamids that no message has yet are not locked
    RACE_WITHOUT=contact_lock,one_open_index

`test_races_are_lost_without_their_guards.py` does so in every run of the tests.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import pytest

from services.ticket_router import route_events as routing
from services.ticket_router.settings import Settings
from shared.broker.settle import Settler
from shared.config import DEFAULT_TEXTS_FILE
from shared.database.failures import judge_failure
from shared.database.pool import Pool, create_pool
from shared.events import Event, WebhookEvent, webhook_events
from shared.service import Service
from shared.texts import read_texts
from shared.tickets import lock_contacts, lock_wamids
from tests.faults.sabotage import UNLOCKED
from tests.system import PHONE_NUMBER_ID

RACES = 1000
AT_ONCE = 4
CONNECTIONS = 8
TEXTS = read_texts(DEFAULT_TEXTS_FILE)

CONTACT_LOCK = "contact_lock"
ONE_OPEN_INDEX = "one_open_index"
WAMID_LOCK = "wamid_lock"

NO_WAMID_LOCK = "SELECT $1::text[]"


@dataclass
class Race:
    """Routers that share a database; `lost` counts what they lost races on."""

    url: str
    pool: Pool
    database: asyncpg.Connection
    lost: Counter[str] = field(default_factory=Counter)
    expected: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.settings = Settings(self.url, "", PHONE_NUMBER_ID, False, TEXTS)
        self._settler = Settler("ticket_router", self._handle, self.judge, Service())

    async def route(self, events: Sequence[WebhookEvent]) -> None:
        """Route a batch as a router's process does, with its second attempts."""
        failed = await self._settler.settle(events)
        for one in failed:
            self.lost[f"dead: {one.reason}"] += 1

    async def run(self, one: Callable[["Race", int], Awaitable[None]]) -> int:
        """Run a thousand races, some at a time, up to the first lost one; give how many ran."""
        for start in range(0, RACES, AT_ONCE):
            await asyncio.gather(*(one(self, start + place) for place in range(AT_ONCE)))
            if self.unexpected:
                return start + AT_ONCE
        return RACES

    @property
    def unexpected(self) -> dict[str, int]:
        """Give the races that the lock should have prevented: deadlocks, rows met in an index."""
        return {what: n for what, n in self.lost.items() if what not in self.expected}

    async def _handle(self, events: Sequence[Event]) -> None:
        await routing.route_events(self.pool, self.settings, webhook_events(events))

    def judge(self, error: Exception) -> Exception:
        """Judge as a worker does, and count."""
        verdict = judge_failure(error)
        self.lost[str(verdict)] += 1
        return verdict


def removed_guards() -> set[str]:
    """Give the guards that whoever runs the tests wants to be without."""
    return set(filter(None, os.environ.get("RACE_WITHOUT", "").split(",")))


@asynccontextmanager
async def race_without(
    guards: set[str], url: str, database: asyncpg.Connection
) -> AsyncIterator[Race]:
    """Give routers to race with, without some of their guards."""
    unknown = guards - {CONTACT_LOCK, ONE_OPEN_INDEX, WAMID_LOCK}
    assert not unknown, f"there is no guard {unknown}"
    if ONE_OPEN_INDEX in guards:
        await database.execute("DROP INDEX tickets_one_open")
    with pytest.MonkeyPatch.context() as patch:
        if CONTACT_LOCK in guards:
            patch.setattr(lock_contacts, "LOCK_CONTACTS", UNLOCKED)
        if WAMID_LOCK in guards:
            patch.setattr(lock_wamids, "LOCK_WAMIDS", NO_WAMID_LOCK)
        pool = await create_pool(url, "races", size=CONNECTIONS)
        yield Race(url, pool, database)
        await pool.close()
