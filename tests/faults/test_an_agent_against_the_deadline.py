"""R5, R6: two agents reopen a ticket at the very moment at which the scheduler closes it."""

import asyncio
import time
from datetime import datetime
from random import Random

import asyncpg

from services.scheduler.close_due_tickets import close_due_tickets
from shared.database.pool import Pool, create_pool
from tests.faults.message_against_deadline import WRITE_CLOSING, next_deadline
from tests.system import System

ROUNDS = 8
CONTACTS = 25
AROUND = (-0.2, 0.05)

FIND_TICKETS = """
SELECT number, status, closed_at = $1 AS closed_in_time, closes_at,
       (SELECT count(*) FROM messages WHERE ticket_id = tickets.id) AS told,
       (SELECT array_agg(action ORDER BY id) FROM ticket_events WHERE ticket_id = tickets.id)
           AS actions
FROM tickets WHERE number = ANY($2::text[])
"""


async def test_either_one_agent_reopens_it_or_it_is_closed_at_its_deadline(
    system: System, database_url: str, database: asyncpg.Connection
) -> None:
    await system.start("agent_desk")
    pool = await create_pool(database_url, "scheduler", size=2)
    chance = Random(5)  # noqa: S311  to be repeatable
    reopened = closed = 0

    for number in range(ROUNDS):
        deadline = next_deadline()
        phones = [f"34{number * CONTACTS + place:09d}" for place in range(CONTACTS)]
        await database.execute(WRITE_CLOSING, phones, deadline)
        scheduling = asyncio.create_task(schedule(pool, deadline))
        answers = await asyncio.gather(
            *(two_agents_reopen(system, phone, deadline, chance) for phone in phones)
        )
        await scheduling
        rows = await database.fetch(FIND_TICKETS, deadline, [f"old-{phone}" for phone in phones])
        statuses = dict(zip(phones, answers, strict=True))
        for row in rows:
            answered = statuses[row["number"].removeprefix("old-")]
            if row["status"] == "open":
                reopened += 1
                assert (answered, row["told"], row["actions"]) == ([200, 409], 1, ["reopened"])
            else:
                closed += 1
                assert (row["status"], row["closed_in_time"]) == ("closed", True)
                assert (answered, row["told"], row["actions"]) == ([409, 409], 0, ["closed"])

    await pool.close()
    assert reopened + closed == ROUNDS * CONTACTS
    assert min(reopened, closed) > ROUNDS * CONTACTS // 20, "too far from the deadline"


async def two_agents_reopen(
    system: System, phone: str, deadline: datetime, chance: Random
) -> list[int]:
    """Give both answers, in order of their number."""
    start = deadline.timestamp() + chance.uniform(*AROUND)
    await asyncio.sleep(max(0.0, start - time.time()))
    answers = await asyncio.gather(
        *(system.desk("POST", f"/tickets/old-{phone}/reopen") for _ in range(2))
    )
    return sorted(status for status, _ in answers)


async def schedule(pool: Pool, deadline: datetime) -> None:
    """Close what is due, up to shortly after the deadline."""
    while time.time() < deadline.timestamp() + 0.3:
        await close_due_tickets(pool)
