"""Files whose bytes were deleted: the message says so, and a download is whole or gone."""

import asyncio
import os
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from services.scheduler.erase_bytes import erase_bytes
from shared.database.pool import create_pool
from shared.tickets.retire_files import retire_files
from tests import media_files
from tests.answering import AUTHORIZED, answer_with_files
from tests.closed_tickets import ClosedTickets
from tests.eventually import eventually
from tests.integration.agent_desk.files import Files, open_ticket
from tests.s3_server import BUCKET, S3Server, proxy_to_s3
from tests.system import System

PHONE = "34600111222"
# More than what the sockets and the desk hold of a download that nobody reads.
CONTENT = os.urandom(48 * 1024 * 1024)
END_LONG_AGO = "UPDATE tickets SET status = 'closed', closed_at = now() - interval '31 days'"
RETIRE = "UPDATE attachments SET storage_key = NULL, bytes_deleted_at = now() WHERE id = $1"


async def first_message(desk: System) -> tuple[str, int]:
    number = await open_ticket(desk, PHONE)
    return number, int((await desk.messages(number))[0]["id"])


async def delete_old_files(desk: System, files: Files) -> None:
    """Do what the scheduler does."""
    await files.database.execute(END_LONG_AGO)
    pool = await create_pool(desk.database_url, "tests")
    assert await retire_files(pool, timedelta(days=30)) == 1
    assert await erase_bytes(pool, files.store) == 1
    await pool.close()


async def test_the_message_keeps_the_fact_and_the_download_is_gone(
    desk: System, files: Files
) -> None:
    number, message_id = await first_message(desk)
    attachment_id = await files.accept(message_id, b"%PDF", filename="error.pdf")
    ((before,),) = [one["attachments"] for one in await desk.messages(number) if one["attachments"]]
    await delete_old_files(desk, files)

    status, problem = await desk.desk("GET", f"/attachments/{attachment_id}")
    async with desk.http.head(
        f"{desk.desk_url}/attachments/{attachment_id}", headers=AUTHORIZED
    ) as head:
        assert head.status == 410

    assert (status, problem["status"], problem["title"]) == (410, 410, "Gone")
    ((after,),) = [one["attachments"] for one in await desk.messages(number) if one["attachments"]]
    deleted_at = datetime.fromisoformat(after.pop("deleted_at"))
    assert datetime.now(UTC) - deleted_at < timedelta(minutes=1)
    assert before.pop("deleted_at") is None
    assert after == before
    assert list(files.folder.iterdir()) == []


async def test_a_download_that_has_begun_comes_whole(desk: System, files: Files) -> None:
    _, message_id = await first_message(desk)
    attachment_id = await files.accept(message_id, CONTENT)
    url = f"{desk.desk_url}/attachments/{attachment_id}"

    async with desk.http.get(url, headers=AUTHORIZED) as answer:
        first = await answer.content.readexactly(1000)
        await delete_old_files(desk, files)
        rest = await answer.read()

    assert first + rest == CONTENT
    assert (await desk.desk("GET", f"/attachments/{attachment_id}"))[0] == 410


async def test_what_is_deleted_just_before_it_is_read_is_gone_and_not_away(
    system: System, tickets: ClosedTickets, s3: S3Server
) -> None:
    """The desk has read the row, and its request is on its way to the store."""
    await tickets.file(await tickets.ticket())
    async with proxy_to_s3(s3) as (proxy, address):
        system.environment |= s3.environment(address) | {
            "MEDIA_STORE_URL": f"s3://{BUCKET}/{system.folder.name}"
        }
        await system.start("agent_desk")
        proxy.stall()
        asking = asyncio.create_task(system.desk("GET", "/attachments/1"))

        async def on_its_way() -> None:
            assert proxy._writers

        await eventually(on_its_way)
        await tickets.database.execute(RETIRE, 1)
        proxy.flow()

        assert (await asking)[0] == 410


async def test_an_answer_whose_bytes_are_being_erased_is_not_written(
    desk: System, database: asyncpg.Connection
) -> None:
    """The desk was frozen for a day between storing them and writing the answer."""
    number = await open_ticket(desk, PHONE)
    await database.execute(
        "CREATE FUNCTION doom() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.erasing := true; RETURN NEW; END $$"
    )
    await database.execute(
        "CREATE TRIGGER doom BEFORE INSERT ON unnamed_bytes FOR EACH ROW EXECUTE FUNCTION doom()"
    )

    status, _ = await answer_with_files(desk, number, ("a.pdf", media_files.small_pdf()))

    assert status == 503
    assert [one for one in await desk.messages(number) if one["author"] == "admin"] == []
    assert await database.fetchval("SELECT count(*) FROM unnamed_bytes") == 1


@pytest.mark.parametrize(
    "path",
    [
        "/attachments/../../etc/passwd",
        "/attachments/..%2f..%2fetc%2fpasswd",
        "/attachments/%2e%2e/%2e%2e/etc/passwd",
        "/attachments/%252e%252e%252fetc%252fpasswd",
        "/attachments/1/../../../etc/passwd",
        "/attachments/1%00.pdf",
        "/attachments/..\\..\\etc\\passwd",
        "/attachments//etc/passwd",
        "/attachments/{key}",
        "/attachments/../media/{key}",
    ],
)
async def test_a_path_in_the_address_leads_nowhere(desk: System, files: Files, path: str) -> None:
    _, message_id = await first_message(desk)
    key = (await files.path_of(await files.accept(message_id, b"x"))).name
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.of("agent_desk")[0].port)
    writer.write(
        f"GET /api/v1{path.format(key=key)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Authorization: {AUTHORIZED['Authorization']}\r\n\r\n".encode()
    )

    answer = await reader.read()

    writer.close()
    assert answer.split()[1] == b"404", answer
    assert b"application/problem+json" in answer
