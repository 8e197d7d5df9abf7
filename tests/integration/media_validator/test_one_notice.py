"""R11: an album gets one notice, which names the files and the formats that are taken."""

from datetime import timedelta

import asyncpg
import pytest

from deploy.local.sample_files import make_album, make_pdf
from services.scheduler.queue_refusal_notices import queue_refusal_notices
from shared.config import DEFAULT_TEXTS_FILE
from shared.texts import read_texts
from tests.integration.media_validator.conftest import FORMATS, PHONE, Validating
from tests.integration.media_validator.test_validate_media import giving
from tests.routing import route
from tests.webhooks import text_message

WORD = make_album()[1].content
TEXTS = read_texts(DEFAULT_TEXTS_FILE)

MAKE_DUE = "UPDATE tickets SET refusal_notice_at = now() WHERE refusal_notice_at IS NOT NULL"


async def refuse(validating: Validating, name: str) -> int:
    validating.meta.bytes_answer = giving(WORD)
    attachment = await validating.send(filename=name)
    row = await validating.work(attachment)
    assert row["state"] == "refused"
    return attachment


async def queue_due(validating: Validating) -> int:
    return await queue_refusal_notices(validating.pool, TEXTS, FORMATS)


async def notices(validating: Validating) -> list[asyncpg.Record]:
    return await validating.database.fetch(
        "SELECT messages.*, tickets.number FROM messages JOIN tickets ON tickets.id = ticket_id"
        " WHERE purpose = 'refused' ORDER BY messages.id"
    )


async def test_the_first_refusal_dates_the_notice_and_no_later_one_moves_it(
    validating: Validating,
) -> None:
    await refuse(validating, "uno.docx")
    first = await validating.database.fetchrow(
        "SELECT refusal_notice_at, refusal_notice_at - clock_timestamp() AS wait FROM tickets"
    )
    assert first is not None
    assert timedelta(seconds=8) < first["wait"] <= timedelta(seconds=10)

    await refuse(validating, "dos.docx")

    again = await validating.database.fetchval("SELECT refusal_notice_at FROM tickets")
    assert again == first["refusal_notice_at"]
    assert await queue_due(validating) == 0, "it is not due yet"
    assert await notices(validating) == []


async def test_a_file_that_whatsapp_itself_could_not_take_is_unavailable_and_told(
    validating: Validating,
) -> None:
    """131052: the message names its kind and an error, and there is no file to ask for."""
    message = text_message(PHONE, "") | {"type": "document", "errors": [{"code": 131052}]}
    del message["text"]
    await route(validating.database_url, message)

    row = await validating.work(await validating.database.fetchval("SELECT id FROM attachments"))

    assert (row["state"], row["reason"], validating.meta.asked) == ("unavailable", "not_found", [])
    await validating.database.execute(MAKE_DUE)
    assert await queue_due(validating) == 1
    (notice,) = await notices(validating)
    assert "un documento sin nombre: no se ha podido descargar; envíelo de nuevo" in notice["text"]


async def test_the_notice_of_another_ticket_does_not_make_it_due(validating: Validating) -> None:
    """A contact whose old ticket had a file, too: each notice has its own time."""
    await refuse(validating, "uno.docx")
    await validating.database.execute("UPDATE tickets SET status = 'closed', closed_at = now()")
    await validating.database.execute(MAKE_DUE)
    await refuse(validating, "dos.docx")

    assert await queue_due(validating) == 1

    (notice,) = await notices(validating)
    assert "dos.docx" not in notice["text"]


async def test_one_notice_names_all_refused_and_unavailable_files_and_the_formats(
    validating: Validating,
) -> None:
    await refuse(validating, "uno.docx")
    validating.meta.bytes_answer = giving(make_pdf().content)
    await validating.work(await validating.send(filename="bueno.pdf"))
    await validating.work(await validating.send(kind="image", id=None))
    await refuse(validating, "dos.docx")
    await validating.database.execute(MAKE_DUE)

    assert await queue_due(validating) == 1
    assert await queue_due(validating) == 0

    (notice,) = await notices(validating)
    assert notice["author"] == "system"
    assert [line for line in notice["text"].splitlines() if line.startswith("- ")] == [
        "- uno.docx: formato no permitido",
        "- una imagen: no se ha podido descargar; envíelo de nuevo, por favor",
        "- dos.docx: formato no permitido",
    ]
    assert "PDF, JPG, BMP, XML, OGA, MP4" in notice["text"]
    assert notice["number"] in notice["text"]
    outbox = await validating.database.fetch("SELECT message_id FROM outbox ORDER BY message_id")
    assert notice["id"] in {row["message_id"] for row in outbox}


async def test_what_is_refused_before_the_notice_is_taken_joins_it(
    validating: Validating,
) -> None:
    await refuse(validating, "uno.docx")
    await validating.database.execute(MAKE_DUE)
    await queue_due(validating)

    await refuse(validating, "dos.docx")

    (notice,) = await notices(validating)
    assert "uno.docx" in notice["text"]
    assert "dos.docx" in notice["text"]
    assert await validating.database.fetchval("SELECT refusal_notice_at FROM tickets") is None

    await validating.database.execute(
        "UPDATE outbox SET attempts = 1 WHERE message_id = $1", notice["id"]
    )
    await refuse(validating, "tres.docx")
    await validating.database.execute(MAKE_DUE)
    assert await queue_due(validating) == 1

    first, second = await notices(validating)
    assert "tres.docx" not in first["text"], "a sender has it already"
    assert "tres.docx" in second["text"]
    assert "uno.docx" not in second["text"]


@pytest.mark.parametrize("writes_again", [True, False])
async def test_a_notice_after_the_end_of_its_ticket_belongs_to_the_open_one(
    validating: Validating, writes_again: bool
) -> None:
    """R2: every message to a contact belongs to the open ticket, if there is one."""
    attachment = await validating.send(filename="uno.docx")
    await validating.database.execute("UPDATE tickets SET status = 'closed', closed_at = now()")
    if writes_again:
        await route(validating.database_url, text_message(PHONE, "otra cosa"))
    validating.meta.bytes_answer = giving(WORD)
    await validating.work(attachment)
    await validating.database.execute(MAKE_DUE)

    assert await queue_due(validating) == 1

    (notice,) = await notices(validating)
    numbers = await validating.database.fetch("SELECT number FROM tickets ORDER BY id")
    assert notice["number"] == numbers[-1]["number"]
    assert len(numbers) == (2 if writes_again else 1)
    assert numbers[0]["number"] in notice["text"], "it names the ticket of the file"
