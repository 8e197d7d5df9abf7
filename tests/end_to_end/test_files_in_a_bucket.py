"""Files in a bucket instead of a folder, from the citizen's phone to their end."""

from datetime import timedelta

import asyncpg

from tests import media_files
from tests.answering import answer_with_files
from tests.eventually import eventually
from tests.s3_server import BUCKET, S3Server
from tests.system import System

PHONE = "34600111222"
PDF = media_files.small_pdf()
LARGE = media_files.small_pdf(size=7 * 1024 * 1024)  # two parts
END_LONG_AGO = """
UPDATE tickets SET status = 'closed', closing_at = NULL, closes_at = NULL,
       closed_at = now() - $1::interval
"""


async def test_a_bucket_does_all_that_a_folder_does(
    system: System, database: asyncpg.Connection, s3: S3Server
) -> None:
    prefix = f"end-to-end/{system.folder.name}"
    system.environment |= s3.environment() | {
        "MEDIA_STORE_URL": f"s3://{BUCKET}/{prefix}",
        "MEDIA_KEPT_DAYS": "30",
    }
    await system.start_all(scheduler=0)
    await system.send_file(PHONE, PDF, "Informe.pdf")

    async def accepted() -> int:
        row = await database.fetchrow("SELECT id, state FROM attachments")
        assert row is not None
        assert row["state"] == "accepted"
        return int(row["id"])

    attachment_id = await eventually(accepted, within=30)
    assert await system.download(attachment_id) == (200, PDF)

    (ticket,) = await system.tickets()
    status, message = await answer_with_files(system, ticket["number"], ("plano.pdf", LARGE))
    assert status == 202

    async def arrived() -> None:
        (file,) = [one for one in await system.phone(PHONE) if one["type"] == "document"]
        url = f"{system.simulator_url}/media/{file['media_id']}"
        async with system.http.get(url) as answer:
            assert await answer.read() == LARGE

    await eventually(arrived, within=30)
    assert len(s3.list(prefix)) == 2
    assert not system.media_folder.exists()

    await database.execute(END_LONG_AGO, timedelta(days=31))
    await system.start("scheduler")

    async def erased() -> None:
        assert s3.list(prefix) == []

    await eventually(erased, within=30)
    for one in (attachment_id, message["attachments"][0]["id"]):
        assert (await system.desk("GET", f"/attachments/{one}"))[0] == 410
