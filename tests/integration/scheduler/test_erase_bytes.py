"""Bytes that no file has are erased when they are due, and are known until they are gone."""

import asyncio
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from services.scheduler import erase_bytes as erasing
from services.scheduler.erase_bytes import erase_bytes
from shared.database.pool import Pool
from shared.errors import OutsideAwayError
from shared.tickets.announce_bytes import TIME_TO_NAME, announce_bytes
from tests import media_files
from tests.answering import answer_with_files
from tests.closed_tickets import MAKE_DUE, ClosedTickets
from tests.eventually import eventually
from tests.system import System

PHONE = "34600111222"
PDF = media_files.small_pdf()
LATER = "UPDATE unnamed_bytes SET erase_at = erase_at - $1::interval"


async def store(tickets: ClosedTickets, pool: Pool, count: int = 1) -> list[str]:
    """Store bytes as a validator does that dies before it says so; give their keys."""
    source = tickets.folder.with_suffix(".source")
    source.write_bytes(b"nobody's")
    keys = await announce_bytes(pool, count)
    for key in keys:
        await tickets.store.keep(key, source)
    return keys


async def test_only_what_is_due_is_erased(pool: Pool, tickets: ClosedTickets) -> None:
    (nobodys,) = await store(tickets, pool)
    named = await tickets.file(await tickets.ticket())
    (tickets.folder / "somebody-elses").write_bytes(b"x")
    (tickets.folder / ("0" * 32)).write_bytes(b"x")

    assert await erase_bytes(pool, tickets.store) == 0
    await tickets.database.execute(LATER, TIME_TO_NAME)
    assert await erase_bytes(pool, tickets.store) == 1

    assert tickets.kept() == {named, "somebody-elses", "0" * 32}
    assert nobodys not in await tickets.unnamed()
    assert await erase_bytes(pool, tickets.store) == 0


async def test_what_was_announced_and_never_stored_is_forgotten(
    pool: Pool, tickets: ClosedTickets
) -> None:
    tickets.folder.mkdir()
    await announce_bytes(pool, 3)
    await tickets.database.execute(MAKE_DUE)

    assert await erase_bytes(pool, tickets.store) == 3
    assert await tickets.unnamed() == set()


async def test_half_of_a_file_goes_too(pool: Pool, tickets: ClosedTickets) -> None:
    """Which a process left that died while it stored it."""
    (key,) = await store(tickets, pool)
    (tickets.folder / key).rename(tickets.folder / f"{key}#1")
    await tickets.database.execute(MAKE_DUE)

    await erase_bytes(pool, tickets.store)

    assert tickets.kept() == set()


async def test_while_the_store_is_away_nothing_is_forgotten(
    pool: Pool, tickets: ClosedTickets
) -> None:
    keys = await store(tickets, pool, 3)
    await tickets.database.execute(MAKE_DUE)
    elsewhere = tickets.folder.rename(tickets.folder.with_name("elsewhere"))

    with pytest.raises(OutsideAwayError):
        await erase_bytes(pool, tickets.store)

    assert await tickets.unnamed() == set(keys)
    assert not tickets.folder.exists(), "an empty folder would look as if they were erased"
    elsewhere.rename(tickets.folder)
    await tickets.database.execute(MAKE_DUE)
    assert await erase_bytes(pool, tickets.store) == 3
    assert tickets.kept() == set()


async def test_one_that_the_store_refuses_holds_up_no_other(
    pool: Pool, tickets: ClosedTickets
) -> None:
    refused, other = sorted(await store(tickets, pool, 2))
    (tickets.folder / refused).unlink()
    (tickets.folder / refused).mkdir()
    await tickets.database.execute(MAKE_DUE)
    with pytest.raises(OutsideAwayError):
        await erase_bytes(pool, tickets.store)

    await tickets.database.execute(LATER, erasing.AGAIN_AFTER)
    assert await erase_bytes(pool, tickets.store) == 1

    assert await tickets.unnamed() == {refused}
    assert other not in tickets.kept()


async def test_two_schedulers_share_what_is_due(
    pool: Pool, tickets: ClosedTickets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "BATCH", 10)
    await store(tickets, pool, 20)
    await tickets.database.execute(MAKE_DUE)

    assert sorted(await asyncio.gather(*(erase_bytes(pool, tickets.store) for _ in "12"))) == [
        10,
        10,
    ]
    assert tickets.kept() == set()


async def bytes_of_nobody_go(system: System, database: asyncpg.Connection, kept: int) -> None:
    """Wait until the scheduler has erased what is not named, as if its day were over."""
    assert await database.fetchval("SELECT count(*) FROM unnamed_bytes") == 1
    await database.execute(MAKE_DUE)
    if not system.of("scheduler"):
        await system.start("scheduler")

    async def erased() -> None:
        assert await database.fetchval("SELECT count(*) FROM unnamed_bytes") == 0
        assert len(files_in(system.media_folder)) == kept

    await eventually(erased, within=30)


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize(("fault", "left"), [("dies_before_storing", 0), ("dies_after_storing", 1)])
async def test_a_validator_that_dies_around_storing_leaves_nothing_for_ever(
    system: System, database: asyncpg.Connection, fault: str, left: int
) -> None:
    await system.start_all(media_validator=0)
    dying = await system.start("media_validator", sabotage=fault)
    await system.send_file(PHONE, PDF)
    await asyncio.wait_for(dying.process.wait(), 30)
    assert len(files_in(system.media_folder)) == left
    await database.execute("UPDATE attachments SET lease_until = now(), next_attempt_at = now()")
    await system.start("media_validator")

    async def accepted() -> None:
        assert await database.fetchval("SELECT state FROM attachments") == "accepted"

    await eventually(accepted, within=30)
    await bytes_of_nobody_go(system, database, kept=1)
    assert (await system.download(1))[1] == PDF


async def test_a_desk_that_dies_after_storing_leaves_nothing_for_ever(
    system: System, database: asyncpg.Connection, tickets: ClosedTickets
) -> None:
    await tickets.ticket()
    dying = await system.start("agent_desk", sabotage="dies_after_storing")
    number = str(await database.fetchval("SELECT number FROM tickets"))
    with pytest.raises(aiohttp.ClientError):
        await answer_with_files(system, number, ("a.pdf", PDF))
    await asyncio.wait_for(dying.process.wait(), 30)
    assert len(tickets.kept()) == 1

    await bytes_of_nobody_go(system, database, kept=0)

    assert await database.fetchval("SELECT count(*) FROM attachments") == 0
