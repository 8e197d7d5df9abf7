"""R11: an album of ten files from somebody new, everything three times, three validators."""

import asyncio

import asyncpg

from tests import media_files
from tests.eventually import eventually
from tests.system import System

PHONE = "34600111222"
COPIES = 3

# Name, kind and declared type are what a phone says; the content decides.
ALBUM: list[tuple[str, str, str, bytes, str]] = [
    ("uno.pdf", "document", "application/pdf", media_files.small_pdf(1), "pdf"),
    ("", "image", "image/jpeg", media_files.small_jpg(2), "jpg"),
    ("tres.bmp", "document", "application/octet-stream", media_files.small_bmp(3), "bmp"),
    ("cuatro.xml", "document", "text/xml", media_files.small_xml(4), "xml"),
    ("", "audio", "audio/ogg; codecs=opus", media_files.small_oga(5), "oga"),
    ("", "video", "video/mp4", media_files.small_mp4(6), "mp4"),
    ("siete.docx", "document", "application/msword", media_files.small_docx(7), "format"),
    ("ocho.pdf", "document", "application/pdf", media_files.small_xlsx(8), "format"),
    ("nueve.jpg", "document", "image/jpeg", media_files.small_doc(9), "format"),
    ("diez.pdf", "document", "application/pdf", media_files.small_pdf(10)[:-200], "damaged"),
]


async def test_one_ticket_one_opening_one_notice_and_the_right_verdicts(
    system: System, database: asyncpg.Connection
) -> None:
    await system.start_all(ticket_router=2, media_validator=3)
    await system.behave(duplicates=COPIES - 1, shuffle=True)

    await asyncio.gather(
        *(
            system.send_file(PHONE, content, name, declared, kind=kind)
            for name, kind, declared, content, _ in ALBUM
        )
    )

    async def judged() -> str:
        (ticket,) = await system.tickets()
        messages = await system.messages(ticket["number"])
        files = [file for message in messages for file in message["attachments"]]
        assert len(files) == len(ALBUM)
        assert all(file["state"] != "pending" for file in files), files
        return str(ticket["number"])

    number = await eventually(judged)
    await verdicts_are_right(system, number)
    await eventually(lambda: phone_is_right(system, number))
    await system.webhooks_at_rest()
    await eventually(lambda: nothing_is_left(system, database))
    await phone_is_right(system, number)  # nothing came after the notice
    lines = system.events("attachment.accepted") + system.events("attachment.refused")
    assert len(lines) == len(ALBUM), "each file was answered for once"
    assert len({line["pid"] for line in lines}) > 1, "validators share an album"
    assert system.events("event.dead_lettered") == []


async def verdicts_are_right(system: System, number: str) -> None:
    """See each file's verdict; what was accepted can be downloaded as it was sent."""
    messages = await system.messages(number)
    inbound = [message for message in messages if message["direction"] == "inbound"]
    assert all(len(message["attachments"]) == 1 for message in inbound)
    seen = {}
    for file in (message["attachments"][0] for message in inbound):
        seen[file["filename"] or file["declared_type"]] = file
    for name, _, declared, content, verdict in ALBUM:
        file = seen.pop(name or declared)
        if verdict not in {"format", "damaged"}:
            assert (file["state"], file["format"], file["reason"]) == ("accepted", verdict, None)
            assert file["size"] == len(content)
            status, got = await system.download(file["id"])
            assert (status, got) == (200, content)
        else:
            assert (file["state"], file["format"], file["reason"]) == ("refused", None, verdict)
            assert (await system.download(file["id"]))[0] == 404
    assert seen == {}


async def phone_is_right(system: System, number: str) -> None:
    """One opening message, then one notice that names what was refused, and nothing else."""
    opening, notice = [message["text"] for message in await system.phone(PHONE)]
    assert number in opening
    named = sorted(line.split(":")[0] for line in notice.splitlines() if line.startswith("- "))
    assert named == ["- diez.pdf", "- nueve.jpg", "- ocho.pdf", "- siete.docx"]
    assert "PDF, JPG, BMP, XML, OGA, MP4" in notice


async def nothing_is_left(system: System, database: asyncpg.Connection) -> None:
    lengths = await system.queue_lengths()
    assert not any(lengths.values()), lengths
    assert await database.fetchval("SELECT count(*) FROM outbox") == 0
    outcomes = await database.fetch(
        "SELECT outcome, count(*) FROM received_events WHERE message_id IS NOT NULL"
        " OR outcome = 'duplicate' GROUP BY outcome"
    )
    counts = {row["outcome"]: row["count"] for row in outcomes}
    # Ten files, and two statuses for each of two messages.
    once = len(ALBUM) + 2 * 2
    assert counts == {"stored": once, "duplicate": once * (COPIES - 1)}
