"""Messages that are routed at the very moment of a ticket's deadline, beside two schedulers.

A deadline is a whole second of PostgreSQL's clock, so each round has the same one for all of its
contacts. Each contact writes twice, both routed around the deadline: one message is stamped a
second before it, one at it.
"""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import asyncpg
import pytest

from services.scheduler.close_due_tickets import close_due_tickets
from services.ticket_router import route_events as routing
from shared.database.transaction import Transaction
from shared.tickets import lock_contacts
from tests.faults.races import RACES, Race
from tests.webhooks import events_of, text_message, webhook_of

CONTACTS = 50
# Some 80 transactions wait for two processors at a time; most are routed close to the deadline.
AROUND = (-0.25, 0.05)

WRITE_CLOSING = """
WITH person AS (
    INSERT INTO contacts (profile_name) SELECT phone FROM unnest($1::text[]) AS phone
    RETURNING id, profile_name
), address AS (
    INSERT INTO contact_addresses (kind, value, contact_id)
    SELECT 'phone', profile_name, id FROM person
)
INSERT INTO tickets (number, contact_id, channel, status, opened_at, closing_message_id,
                     closing_at, closes_at)
SELECT 'old-' || profile_name, id, 'whatsapp', 'closing', now() - interval '1 hour', 0,
       $2::timestamptz - interval '5 seconds', $2
FROM person
"""

# The auditor: notes whatever is written into a ticket that is closed already.
WATCH_CLOSED_TICKETS = """
CREATE TABLE buried (ticket_id bigint, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION note_buried() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO buried (ticket_id)
    SELECT id FROM tickets WHERE id = NEW.ticket_id AND status = 'closed';
    RETURN NEW;
END $$;
CREATE TRIGGER watch AFTER INSERT ON messages FOR EACH ROW EXECUTE FUNCTION note_buried();
"""

FIND_PLACES = """
SELECT messages.text AS name, tickets.number LIKE 'old-%' AS in_old, previous.number AS previous
FROM messages JOIN tickets ON tickets.id = ticket_id
LEFT JOIN tickets AS previous ON previous.id = tickets.previous_id
WHERE direction = 'inbound'
"""

FIND_ODD_CONTACTS = """
SELECT contact_id, count(*) AS tickets, count(*) FILTER (WHERE status <> 'closed') AS open,
       count(*) FILTER (WHERE number LIKE 'old-%' AND closed_at = closes_at) AS closed_in_time
FROM tickets GROUP BY contact_id
HAVING (count(*), count(*) FILTER (WHERE status <> 'closed'),
        count(*) FILTER (WHERE number LIKE 'old-%' AND closed_at = closes_at)) <> (2, 1, 1)
"""


@dataclass
class Deadlines:
    """Rounds of the race; `routed_at` is the clock that the router read for each message."""

    race: Race
    chance: Random = field(default_factory=lambda: Random(2))  # noqa: S311  to be repeatable
    routed_at: dict[str, datetime] = field(default_factory=dict)
    deadline_of: dict[str, datetime] = field(default_factory=dict)

    async def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Note the routers' clock, and what is written into closed tickets."""
        await self.race.database.execute(WATCH_CLOSED_TICKETS)

        async def lock_and_note(tx: Transaction, contact_ids: Any) -> datetime:
            now = await lock_contacts.lock_contacts(tx, contact_ids)
            if (task := asyncio.current_task()) is not None:
                self.routed_at[task.get_name()] = now
            return now

        patch.setattr(routing, "lock_contacts", lock_and_note)

    async def run(self) -> None:
        """Run a thousand races, up to the first round in which one was lost."""
        for number in range(RACES // CONTACTS):
            await self.one_round(number)
            if self.race.unexpected:
                return

    async def one_round(self, number: int) -> None:
        """Let all messages of one deadline be routed around it."""
        deadline = next_deadline()
        phones = [f"34{number * CONTACTS + place:09d}" for place in range(CONTACTS)]
        await self.race.pool.execute(WRITE_CLOSING, phones, deadline)
        self.deadline_of |= dict.fromkeys(phones, deadline)
        stopping = asyncio.Event()
        schedulers = [asyncio.create_task(self._schedule(stopping)) for _ in range(2)]
        tasks = [
            asyncio.create_task(self._route(phone, deadline, stamp), name=f"{phone} {stamp}")
            for phone in phones
            for stamp in ("before", "after")
        ]
        await asyncio.gather(*tasks)
        await asyncio.sleep(max(0.0, deadline.timestamp() - time.time()))
        stopping.set()
        await asyncio.gather(*schedulers)
        await close_due_tickets(self.race.pool)

    async def _route(self, phone: str, deadline: datetime, stamp: str) -> None:
        at = deadline - timedelta(seconds=stamp == "before")
        text = text_message(phone, f"{phone} {stamp}", at=at.timestamp())
        start = deadline.timestamp() + self.chance.uniform(*AROUND)
        await asyncio.sleep(max(0.0, start - time.time()))
        await self.race.route(events_of(webhook_of(text)))

    async def _schedule(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                await close_due_tickets(self.race.pool)
            except asyncpg.PostgresError as error:
                self.race.lost[f"scheduler: {error.sqlstate}"] += 1

    async def find_faults(self) -> list[str]:
        """Say what is lost, doubled, buried, or in another ticket than the rules say (R6, R7)."""
        rows = await self.race.database.fetch(FIND_PLACES)
        places = {row["name"]: row for row in rows}
        faults = [] if len(rows) == len(places) else ["a message is there twice"]
        faults += [f"{name} is lost" for name in self.routed_at.keys() - places.keys()]
        faults += [f"{name} is misplaced" for name in places if self._is_misplaced(name, places)]
        odd = await self.race.database.fetch(FIND_ODD_CONTACTS)
        buried = await self.race.database.fetch("SELECT ticket_id FROM buried")
        faults += [f"tickets: {dict(row)}" for row in odd]
        faults += [f"written into closed ticket {row['ticket_id']}" for row in buried]
        return faults + [f"{what}: {n} times" for what, n in self.race.unexpected.items()]

    def _is_misplaced(self, name: str, places: dict[str, Any]) -> bool:
        phone, stamp = name.split()
        deadline = self.deadline_of[phone]
        if not places[name]["in_old"] and places[name]["previous"] != f"old-{phone}":
            return True
        if stamp == "after" or self.routed_at[name] >= deadline:
            return bool(places[name]["in_old"])
        # In time: into the old ticket, but where the other message had opened a new one before.
        overtaken = self.routed_at[f"{phone} after"] < self.routed_at[name]
        return not places[name]["in_old"] and not overtaken

    def counts(self) -> dict[str, int]:
        """Tell how near to the deadline messages were routed."""
        distances = [
            (at - self.deadline_of[name.split()[0]]).total_seconds()
            for name, at in self.routed_at.items()
        ]
        return {
            "before": sum(d < 0 for d in distances),
            "after": sum(d >= 0 for d in distances),
            "within 20 ms": sum(abs(d) < 0.02 for d in distances),
        }


def next_deadline() -> datetime:
    """Give the next whole second that leaves time to write the tickets first."""
    return datetime.fromtimestamp(int(time.time() + 0.4) + 1, UTC)
