"""An agent answers with everything that can be sent, while the way to WhatsApp is bad."""

from typing import Any

import asyncpg

from tests import media_files, sendable_files
from tests.answering import answer_with_files
from tests.eventually import eventually
from tests.system import System

PHONE = "34600111222"
PDF, DOCX = media_files.small_pdf(), media_files.small_docx()
MP3, PNG = sendable_files.small_mp3(), sendable_files.small_png()
LONG = " ".join(f"palabra{place}" for place in range(700))


async def the_ticket(system: System) -> str:
    async def opened() -> str:
        (ticket,) = await system.tickets(q=PHONE)
        return str(ticket["number"])

    return await eventually(opened)


async def body(system: System, media_id: str) -> bytes:
    async with system.http.get(f"{system.simulator_url}/media/{media_id}") as answer:
        return await answer.read()


async def test_all_of_it_arrives_once_in_order_and_byte_for_byte(
    system: System, database: asyncpg.Connection
) -> None:
    system.environment["UNKNOWN_RESEND_SECONDS"] = "1"
    await system.start_all(sender=2)
    await system.write(PHONE, "Necesito el impreso")
    number = await the_ticket(system)
    await system.behave(
        lose_answer_next=1, lose_upload_next=1, fail_uploads=[{"code": 131016, "times": 1}]
    )

    await system.desk("POST", f"/tickets/{number}/messages", {"text": LONG})
    await answer_with_files(system, number, ("Impreso.pdf", PDF), text="El impreso")
    await answer_with_files(
        system, number, ("voz.mp3", MP3), ("foto.png", PNG), ("carta.docx", DOCX), text="Y además:"
    )
    refused, problem = await answer_with_files(system, number, ("x.pdf", media_files.small_bmp()))

    async def arrived() -> list[dict[str, Any]]:
        assert await database.fetchval("SELECT count(*) FROM outbox") == 0
        return (await system.phone(PHONE))[1:]

    messages = await eventually(arrived)
    assert refused == 422
    assert "x.pdf" in problem["detail"]
    assert [(one["type"], one["filename"]) for one in messages] == [
        ("text", None), ("text", None), ("document", "Impreso.pdf"), ("text", None),
        ("audio", None), ("image", None), ("document", "carta.docx"),
    ]  # fmt: skip
    assert f"{messages[0]['text']} {messages[1]['text']}" == LONG
    assert [one["text"] for one in messages[2:4]] == ["El impreso", "Y además:"]
    files = [await body(system, one["media_id"]) for one in messages if one["media_id"]]
    assert files == [PDF, MP3, PNG, DOCX]
    # One for each file, and the one whose answer got lost.
    assert len(system.events("simulator.media_uploaded")) == 4 + 1

    async def told() -> None:
        shown = [one for one in await system.messages(number) if one["author"] == "admin"]
        assert [one["delivery"] for one in shown] == ["delivered"] * 7
        (last,) = shown[-1]["attachments"]
        assert await system.download(last["id"]) == (200, DOCX)

    await eventually(told)
