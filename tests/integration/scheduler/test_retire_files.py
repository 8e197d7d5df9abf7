"""Retention: the bytes of a file go when its ticket is long over, and the fact stays."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from shared.database.pool import Pool, create_pool
from shared.tickets import retire_files as retiring
from shared.tickets.retire_files import retire_files
from tests.closed_tickets import MAKE_DUE, ClosedTickets
from tests.eventually import eventually
from tests.integration.scheduler.test_close_due_tickets import MAKE_CLOSING
from tests.system import System

MONTH = timedelta(days=30)
ACTIONS = "SELECT ticket_id, actor, details FROM ticket_events WHERE action = 'files_deleted'"
WAIT_TO_BE_SENT = """
INSERT INTO outbox (message_id, contact_id, state)
SELECT messages.id, tickets.contact_id, 'queued'
FROM messages JOIN tickets ON tickets.id = messages.ticket_id
JOIN attachments ON attachments.message_id = messages.id
"""


async def test_bytes_go_so_long_after_the_end_and_the_fact_stays(
    pool: Pool, database: asyncpg.Connection, tickets: ClosedTickets
) -> None:
    old = await tickets.ticket(1, closed_for_days=31)
    newer = await tickets.ticket(2, closed_for_days=29)
    due = {await tickets.file(old), await tickets.file(old)}
    staying = await tickets.file(newer)
    before = await database.fetch("SELECT * FROM attachments ORDER BY id")

    assert await retire_files(pool, MONTH) == 2
    assert await retire_files(pool, MONTH) == 0

    after = await database.fetch("SELECT * FROM attachments ORDER BY id")
    changed = {"storage_key": None, "bytes_deleted_at": after[0]["bytes_deleted_at"]}
    assert [dict(row) for row in after] == [
        dict(before[0]) | changed, dict(before[1]) | changed, dict(before[2]),
    ]  # fmt: skip
    assert datetime.now(UTC) - after[0]["bytes_deleted_at"] < timedelta(minutes=1)
    assert after[2]["storage_key"] == staying
    assert await tickets.unnamed() == due
    assert [tuple(row) for row in await database.fetch(ACTIONS)] == [(old, "system", "2")]


async def test_no_file_of_an_open_or_closing_ticket_is_touched(
    pool: Pool, database: asyncpg.Connection, tickets: ClosedTickets
) -> None:
    """Not even where its deadline was long ago and nobody has written it closed."""
    closing = await tickets.ticket(1)
    await database.execute(MAKE_CLOSING, -400 * 86_400)
    await tickets.file(closing)
    await tickets.file(await tickets.ticket(2))
    await database.execute("UPDATE tickets SET opened_at = now() - interval '400 days'")

    assert await retire_files(pool, MONTH) == 0

    assert await database.fetchval("SELECT count(storage_key) FROM attachments") == 2


async def test_what_is_still_to_be_sent_keeps_its_file(
    pool: Pool, database: asyncpg.Connection, tickets: ClosedTickets
) -> None:
    await tickets.file(await tickets.ticket(1, closed_for_days=31))
    await database.execute(WAIT_TO_BE_SENT)

    assert await retire_files(pool, MONTH) == 0

    await database.execute("DELETE FROM outbox")
    assert await retire_files(pool, MONTH) == 1


async def test_two_that_do_it_at_once_in_batches_do_each_ticket_once(
    pool: Pool,
    database: asyncpg.Connection,
    tickets: ClosedTickets,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retiring, "BATCH", 3)
    for number in range(10):
        ticket = await tickets.ticket(number, closed_for_days=31)
        await tickets.file(ticket)
        await tickets.file(ticket)
    other = await create_pool(tickets.database_url, "tests")

    done = list(await asyncio.gather(retire_files(pool, MONTH), retire_files(other, MONTH)))
    # Whoever meets nothing but what the other one works on is done for this day.
    done.append(await retire_files(pool, MONTH))

    await other.close()
    assert sum(done) == 20
    actions = await database.fetch(ACTIONS)
    assert len({row["ticket_id"] for row in actions}) == len(actions) == 10
    assert len(await tickets.unnamed()) == 20


async def test_who_is_asked_to_stop_stops(pool: Pool, tickets: ClosedTickets) -> None:
    await tickets.file(await tickets.ticket(1, closed_for_days=31))
    stopping = asyncio.Event()
    stopping.set()

    assert await retire_files(pool, MONTH, stopping) == 0


@pytest.mark.parametrize("days", [None, "30"])
async def test_the_scheduler_does_it_by_itself_if_it_is_told_to(
    system: System, tickets: ClosedTickets, database: asyncpg.Connection, days: str | None
) -> None:
    await tickets.file(await tickets.ticket(1, closed_for_days=31))
    new = await tickets.file(await tickets.ticket(2, closed_for_days=1))
    if days is not None:
        system.environment["MEDIA_KEPT_DAYS"] = days
    scheduler = await system.start("scheduler")

    async def purged_once() -> None:
        assert "retire_old_files" in {line["chore"] for line in scheduler.events("scheduler.done")}
        assert tickets.kept() == {new}
        assert await tickets.unnamed() == set()

    if days is None:
        # The chores have all had their turn when this row, which is due like the others, is gone.
        await database.execute("INSERT INTO unnamed_bytes VALUES ('nothing', now())")

        async def swept() -> None:
            assert await tickets.unnamed() == set()

        await eventually(swept, within=30)
        assert len(tickets.kept()) == 2
        return
    await database.execute(MAKE_DUE)
    await eventually(purged_once, within=30)
    assert [line["files"] for line in scheduler.events("ticket.files_deleted")] == [1]


@pytest.mark.parametrize(
    "fault", ["dies_while_retiring", "dies_before_erasing", "dies_after_erasing"]
)
async def test_a_scheduler_that_dies_between_two_steps_forgets_nothing(
    system: System, tickets: ClosedTickets, database: asyncpg.Connection, fault: str
) -> None:
    """What the database says is what is, or is on its way; and it is said once."""
    system.environment["MEDIA_KEPT_DAYS"] = "30"
    ticket = await tickets.ticket(1, closed_for_days=31)
    (key,) = {await tickets.file(ticket)}
    dying = await system.start("scheduler", sabotage=fault, wait=False)
    await asyncio.wait_for(dying.process.wait(), 30)
    assert dying.process.returncode == -9

    named = await database.fetchval("SELECT storage_key FROM attachments")
    assert (named, await tickets.unnamed()) == (
        (key, set()) if fault == "dies_while_retiring" else (None, {key})
    )
    assert tickets.kept() == (set() if fault == "dies_after_erasing" else {key})
    await database.execute(MAKE_DUE)
    await system.start("scheduler")

    async def gone() -> None:
        assert tickets.kept() == set()
        assert await tickets.unnamed() == set()

    await eventually(gone, within=30)
    assert await database.fetchval("SELECT bytes_deleted_at IS NOT NULL FROM attachments")
    assert [tuple(row) for row in await database.fetch(ACTIONS)] == [(ticket, "system", "1")]


async def test_its_statement_looks_only_at_files_that_have_bytes(
    database: asyncpg.Connection, tickets: ClosedTickets
) -> None:
    """However many files have come and gone."""
    ticket = await tickets.ticket(1, closed_for_days=1)
    await database.execute(
        """WITH message AS (
               INSERT INTO messages (ticket_id, direction, author, kind, sent_at, received_at)
               SELECT $1, 'outbound', 'ana', 'document', now(), now()
               FROM generate_series(1, 50000) RETURNING id)
           INSERT INTO attachments (message_id, state, bytes_deleted_at)
           SELECT id, 'accepted', now() FROM message""",
        ticket,
    )
    await tickets.file(ticket)
    await database.execute("ANALYZE")

    plan = await database.fetch(f"EXPLAIN {retiring.FIND_OLD}", MONTH, None, 500)

    text = "\n".join(row[0] for row in plan)
    assert "Index Scan using attachments_with_bytes" in text
    assert "Seq Scan on attachments" not in text
