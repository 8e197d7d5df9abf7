"""Files from agents: judged by content, kept before the answer, and refused in words."""

import asyncio
import io
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from shared.whatsapp.sendable import SENDABLE
from tests import media_files, sendable_files
from tests.answering import AUTHORIZED, answer_with_files
from tests.eventually import eventually
from tests.integration.agent_desk.files import open_ticket
from tests.system import System

PHONE = "34600111222"
PDF = media_files.small_pdf()
PNG = sendable_files.small_png()
MP3 = sendable_files.small_mp3()


def stored(desk: System) -> list[str]:
    """Give what lies in the media store."""
    folder = desk.media_folder
    return sorted(one.name for one in folder.iterdir()) if folder.exists() else []


async def written(desk: System, number: str) -> list[dict[str, Any]]:
    return [one for one in await desk.messages(number) if one["author"] == "admin"]


def holds_a_nameless_file(pid: int) -> bool:
    descriptors = Path(f"/proc/{pid}/fd").iterdir()
    return any("(deleted)" in str(one.readlink()) for one in descriptors)


async def test_the_words_of_a_single_file_are_its_caption(
    desk: System, database: asyncpg.Connection
) -> None:
    number = await open_ticket(desk, PHONE)

    status, message = await answer_with_files(
        desk, number, ("Año nuevo.PDF", PDF), text="Su impreso"
    )

    assert status == 202, message
    (file,) = message["attachments"]
    assert (message["kind"], message["text"], message["delivery"]) == (
        "document", "Su impreso", "pending",
    )  # fmt: skip
    assert (file["filename"], file["format"], file["size"], file["state"], file["reason"]) == (
        "Año nuevo.pdf", "pdf", len(PDF), "accepted", None,
    )  # fmt: skip
    assert file["declared_type"] == "application/octet-stream"
    assert await written(desk, number) == [message]
    assert await desk.download(file["id"]) == (200, PDF)
    row = await database.fetchrow("SELECT state, next_attempt_at FROM outbox WHERE message_id = $1",
                                  message["id"])  # fmt: skip
    assert row is not None
    assert tuple(row) == ("uploading", None)


async def test_other_words_come_before_the_files(desk: System) -> None:
    number = await open_ticket(desk, PHONE)

    status, first = await answer_with_files(
        desk, number, ("a.png", PNG), ("b.pdf", PDF), text="Dos cosas"
    )
    await answer_with_files(desk, number, ("voz.mp3", MP3), text="Escuche")
    await answer_with_files(desk, number, ("c.pdf", PDF), text="x" * 1025)

    assert (status, first["kind"], first["text"]) == (202, "text", "Dos cosas")
    answers = await written(desk, number)
    assert [(one["kind"], one["text"] and one["text"][:9]) for one in answers] == [
        ("text", "Dos cosas"), ("image", None), ("document", None),
        ("text", "Escuche"), ("audio", None),
        ("text", "x" * 9), ("document", None),
    ]  # fmt: skip


@pytest.mark.parametrize("name", sendable_files.sendable())
async def test_every_format_that_whatsapp_takes_is_taken(desk: System, name: str) -> None:
    number = await open_ticket(desk, PHONE)

    status, message = await answer_with_files(desk, number, ("x", sendable_files.sendable()[name]))

    assert status == 202, message
    (file,) = message["attachments"]
    assert file["format"] == SENDABLE[name].format
    assert file["filename"].startswith("x.")
    assert await desk.download(file["id"]) == (200, sendable_files.sendable()[name])


@pytest.mark.parametrize(
    ("files", "status", "words"),
    [
        ([("plano.png", media_files.small_bmp())], 422, "File 1 (plano.png) is nothing that"),
        ([("a.pdf", PDF), ("b.pdf", media_files.small_xml())], 422, "File 2 (b.pdf)"),
        ([("x.pdf", b"")], 422, "It takes documents (PDF"),
        ([("x.pdf", PDF[:-10])], 422, "is damaged"),
        ([("x.jpg", media_files.small_jpg(size=5 * 1024 * 1024 + 1))], 413, "larger than 5 MiB"),
        ([("x.pdf", PDF)] * 11, 422, "more than 10 files"),
        ([], 422, "neither a `text` nor a `file`"),
    ],
    ids=["BMP", "XML", "empty", "damaged", "too large", "too many", "nothing"],
)  # fmt: skip
async def test_what_cannot_be_sent_is_told_and_nothing_of_it_is_kept(
    desk: System, files: list[tuple[str, bytes]], status: int, words: str
) -> None:
    number = await open_ticket(desk, PHONE)

    answered, problem = await answer_with_files(desk, number, *files)

    assert answered == status
    assert words in problem["detail"]
    assert await written(desk, number) == []
    assert stored(desk) == []


async def test_who_cannot_be_answered_gets_no_files(
    desk: System, database: asyncpg.Connection
) -> None:
    number = await open_ticket(desk, PHONE)
    await database.execute("UPDATE contacts SET last_inbound_at = now() - interval '24 h'")
    assert (await answer_with_files(desk, number, ("a.pdf", PDF)))[0] == 422
    await desk.desk("POST", f"/tickets/{number}/close")
    await database.execute("UPDATE tickets SET closes_at = date_trunc('second', now())")
    assert (await answer_with_files(desk, number, ("a.pdf", PDF)))[0] == 409
    body = {"channel": "email", "contact": {"email": "a@example.org"}, "text": "Escribió"}
    _, note = await desk.desk("POST", "/tickets", body)
    status, problem = await answer_with_files(desk, note["number"], ("a.pdf", PDF))

    assert status == 422
    assert "Nothing is sent" in problem["detail"]
    assert (await answer_with_files(desk, "2026-999999", ("a.pdf", PDF)))[0] == 404
    assert stored(desk) == []


async def test_a_ticket_that_closes_while_its_files_come_leaves_nothing_behind(
    desk: System, database: asyncpg.Connection
) -> None:
    """It was open when the upload began, and is asked again when the answer is written."""
    number = await open_ticket(desk, PHONE)
    last = asyncio.Event()

    async def slowly() -> Any:
        yield PDF[:100]
        await last.wait()
        yield PDF[100:]

    form = aiohttp.MultipartWriter("form-data")
    part = form.append(slowly())
    part.set_content_disposition("form-data", name="file", filename="a.pdf")
    url = f"{desk.desk_url}/tickets/{number}/messages"
    answering = asyncio.create_task(desk.http.post(url, data=form, headers=AUTHORIZED))

    async def begun() -> None:
        assert holds_a_nameless_file(desk.of("agent_desk")[0].pid)

    await eventually(begun)
    await database.execute(
        "UPDATE tickets SET status = 'closed', closed_at = now(), closing_at = NULL"
    )
    last.set()
    async with await answering as answer:
        assert answer.status == 409
    assert stored(desk) == []


async def test_a_form_that_is_none_is_400(desk: System) -> None:
    number = await open_ticket(desk, PHONE)
    url = f"{desk.desk_url}/tickets/{number}/messages"
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    head = b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n'

    for body in (
        b"", b"nonsense", head % b"other" + b"a\r\n--x--\r\n", head % b"text" + b"a",
        head % b"text" + b"\xff\r\n--x--\r\n",
        (head % b"text" + b"a\r\n") * 2 + b"--x--\r\n",
    ):  # fmt: skip
        async with desk.http.post(url, data=body, headers=AUTHORIZED | kind) as answer:
            problem = await answer.json(content_type="application/problem+json")
            assert (answer.status, problem["status"]) in {(400, 400), (422, 422)}, body
    no_boundary = {"Content-Type": "multipart/form-data"}
    async with desk.http.post(url, data=b"x", headers=AUTHORIZED | no_boundary) as answer:
        assert answer.status == 400
    assert desk.events("request.failed") == []


async def test_a_form_that_is_too_large_is_refused_before_it_is_read(desk: System) -> None:
    number = await open_ticket(desk, PHONE)
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.of("agent_desk")[0].port)
    writer.write(
        f"POST /api/v1/tickets/{number}/messages HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: {AUTHORIZED['Authorization']}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {2**40}\r\n\r\n".encode()
    )

    assert (await reader.readline()).split()[1] == b"413"
    writer.close()


async def test_a_store_that_is_away_is_503_and_nothing_is_written(desk: System) -> None:
    number = await open_ticket(desk, PHONE)
    desk.media_folder.write_text("no folder")

    status, problem = await answer_with_files(desk, number, ("a.pdf", PDF))

    assert (status, problem["status"]) == (503, 503)
    assert await written(desk, number) == []


async def test_a_large_json_body_is_refused_as_before(desk: System) -> None:
    number = await open_ticket(desk, PHONE)
    url = f"{desk.desk_url}/tickets/{number}/messages"

    body = io.BytesIO(b'{"text": "%b"}' % (b"x" * 1024 * 1024))
    async with desk.http.post(url, data=body, headers=AUTHORIZED) as answer:
        assert answer.status == 413
