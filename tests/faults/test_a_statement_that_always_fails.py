"""A fault of the system is waited for: no event is to blame, and none is buried."""

import asyncio
from typing import Any

import asyncpg

from tests.eventually import eventually
from tests.faults.columns_to_miss import COLUMNS
from tests.media_files import small_pdf
from tests.system import WORKERS, System

PHONE = "34600111222"

SENDER_OF_A_FILE = "34600555666"


async def rename(database: asyncpg.Connection, old: str, new: str) -> None:
    """Rename the columns, each for itself: together they would deadlock with who works."""
    for table, column in COLUMNS:
        source, target = old.format(column), new.format(column)
        await database.execute(f"ALTER TABLE {table} RENAME COLUMN {source} TO {target}")


async def test_a_missing_column_buries_nothing_and_all_goes_on_once_it_is_there(
    system: System, database: asyncpg.Connection
) -> None:
    await system.start_all()
    pids = {process.service: process.pid for process in system.processes}
    await system.behave(status_delay_seconds=2)
    await system.write(PHONE, "Hola")

    async def opened() -> None:
        assert len(await system.phone(PHONE)) == 1

    await eventually(opened)
    # A file that is due again while the columns are missing: so the validator meets them, too.
    await system.behave(media_away=True)
    await system.send_file(SENDER_OF_A_FILE, small_pdf())

    async def tried_once() -> None:
        assert system.events("attachment.retry")

    await eventually(tried_once)
    await rename(database, "{}", "was_{}")
    await system.behave(media_away=False)
    for number in range(20):
        await system.write(PHONE, f"mensaje {number}")
    await system.write("34600333444", "Otra persona")
    await eventually(lambda: none_is_ready(system))
    await system.webhooks_at_rest()
    lengths = await system.queue_lengths()
    assert {name: n for name, n in lengths.items() if name.endswith(".dead") and n} == {}

    await rename(database, "was_{}", "{}")

    async def routed() -> list[str]:
        (ticket,) = [one for one in await system.tickets() if one["contact"]["phone"] == PHONE]
        messages = await system.messages(ticket["number"])
        texts = [m["text"] for m in messages if m["direction"] == "inbound"]
        assert len(texts) == 21
        return texts

    texts = await eventually(routed)
    assert sorted(texts) == sorted(["Hola", *(f"mensaje {number}" for number in range(20))])
    await eventually(lambda: all_have_been_served(system))
    assert system.events("event.dead_lettered") == []
    assert {process.service: process.pid for process in system.processes} == pids
    assert all(process.running for process in system.processes)


async def none_is_ready(system: System) -> None:
    for worker in WORKERS:
        status, body = await state_of(system, worker)
        assert status == 503, (worker, body)


async def all_have_been_served(system: System) -> None:
    answers = await asyncio.gather(*(state_of(system, worker) for worker in WORKERS))
    assert [status for status, _ in answers] == [200] * len(WORKERS), answers
    (file,) = await files_of(system, SENDER_OF_A_FILE)
    assert file["state"] == "accepted", file
    assert len(await system.phone("34600333444")) == 1
    lengths = await system.queue_lengths()
    assert not any(lengths.values()), lengths
    for ticket in await system.tickets():
        messages: list[dict[str, Any]] = await system.messages(ticket["number"])
        sent = [m["delivery"] for m in messages if m["direction"] == "outbound"]
        assert sent == ["delivered"], sent


async def files_of(system: System, phone: str) -> list[dict[str, Any]]:
    (ticket,) = await system.tickets(q=phone)
    messages = await system.messages(ticket["number"])
    return [file for message in messages for file in message["attachments"]]


async def state_of(system: System, worker: str) -> tuple[int, Any]:
    (process,) = system.of(worker)
    return await system.health(process)
