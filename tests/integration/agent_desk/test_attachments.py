"""Files at the desk: how a message shows them, and how they are downloaded."""

import hashlib
import os
from urllib.parse import unquote

import aiohttp
import pytest

from tests.eventually import eventually
from tests.integration.agent_desk.files import Files, open_ticket
from tests.system import ADMIN_TOKEN, System

PHONE = "34600111222"
AUTHORIZED = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
CONTENT = os.urandom(3_000_000)


async def first_message(desk: System) -> tuple[str, int]:
    number = await open_ticket(desk, PHONE)
    return number, int((await desk.messages(number))[0]["id"])


def url_of(desk: System, attachment_id: object) -> str:
    return f"{desk.desk_url}/attachments/{attachment_id}"


async def test_a_message_shows_its_files_in_every_state_and_in_order(
    desk: System, files: Files
) -> None:
    number, message_id = await first_message(desk)
    accepted = await files.accept(message_id, b"%PDF", filename="error.pdf")
    refused = await files.add(message_id, "refused", filename="carta.doc")
    missing = await files.add(message_id, "unavailable", reason="not_found")
    pending = await files.add(message_id, "pending")

    first, *others = await desk.messages(number)

    assert first["attachments"] == [
        {
            "id": accepted, "filename": "error.pdf", "declared_type": "application/pdf",
            "format": "pdf", "size": 4, "state": "accepted", "reason": None,
            "deleted_at": None,
        },
        {
            "id": refused, "filename": "carta.doc", "declared_type": "application/msword",
            "format": None, "size": None, "state": "refused", "reason": "format",
            "deleted_at": None,
        },
        {
            "id": missing, "filename": None, "declared_type": "application/msword",
            "format": None, "size": None, "state": "unavailable", "reason": "not_found",
            "deleted_at": None,
        },
        {
            "id": pending, "filename": None, "declared_type": "application/msword",
            "format": None, "size": None, "state": "pending", "reason": None,
            "deleted_at": None,
        },
    ]  # fmt: skip
    assert [message["attachments"] for message in others] == [[]] * len(others)


async def test_an_accepted_file_comes_back_byte_for_byte_and_is_never_shown_or_guessed(
    desk: System, files: Files
) -> None:
    _, message_id = await first_message(desk)
    attachment_id = await files.accept(message_id, CONTENT, filename="Año\u202efdp.exe")

    async with desk.http.get(url_of(desk, attachment_id), headers=AUTHORIZED) as answer:
        content = await answer.read()

    assert answer.status == 200
    assert hashlib.sha256(content).digest() == hashlib.sha256(CONTENT).digest()
    expected = {
        "Content-Type": "application/pdf",
        "Content-Length": str(len(CONTENT)),
        "Content-Disposition": 'attachment; filename="Anofdp.pdf"; '
        "filename*=UTF-8''A%C3%B1ofdp.pdf",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    assert {name: answer.headers.get(name) for name in expected} == expected

    async def logged() -> None:
        (line,) = desk.events("attachment.downloaded")
        assert (line["attachment_id"], line["agent"], line["whole"]) == (
            attachment_id, "admin", True,
        )  # fmt: skip

    await eventually(logged)


async def test_head_gives_the_headers_and_is_no_download(desk: System, files: Files) -> None:
    _, message_id = await first_message(desk)
    attachment_id = await files.accept(message_id, CONTENT)

    async with desk.http.head(url_of(desk, attachment_id), headers=AUTHORIZED) as answer:
        assert answer.headers["Content-Length"] == str(len(CONTENT))
        assert await answer.read() == b""

    assert (await desk.desk("GET", "/tickets"))[0] == 200, "the connection can be used again"
    assert desk.events("attachment.downloaded") == []


async def test_an_empty_file_is_a_file(desk: System, files: Files) -> None:
    _, message_id = await first_message(desk)
    attachment_id = await files.accept(message_id, b"", form="odt")

    async with desk.http.get(url_of(desk, attachment_id), headers=AUTHORIZED) as answer:
        assert (answer.status, await answer.read()) == (200, b"")
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert 'filename="a.bin"' in answer.headers["Content-Disposition"]


async def test_what_was_not_accepted_cannot_be_downloaded(desk: System, files: Files) -> None:
    _, message_id = await first_message(desk)
    ids = [await files.add(message_id, state) for state in ("pending", "refused", "unavailable")]
    accepted = await files.accept(message_id, b"x")
    nonsense = ("0", "-1", "x", "%00", "1.0", "9" * 19, "9" * 30, f"0x{accepted}", "%D9%A1")

    for attachment_id in (*ids, accepted + 1, *nonsense):
        status, problem = await desk.desk("GET", f"/attachments/{attachment_id}")
        assert (status, problem["status"]) == (404, 404), attachment_id
    async with desk.http.get(url_of(desk, accepted)) as answer:
        assert answer.status == 401


async def test_a_store_that_is_away_is_told_as_503_before_anything_is_sent(
    desk: System, files: Files
) -> None:
    _, message_id = await first_message(desk)
    attachment_id = await files.accept(message_id, CONTENT)
    files.folder.rename(files.folder.with_name("elsewhere"))

    async with desk.http.get(url_of(desk, attachment_id), headers=AUTHORIZED) as answer:
        problem = await answer.json(content_type="application/problem+json")
    assert (answer.status, problem["status"], answer.headers["Retry-After"]) == (503, 503, "5")
    (line,) = desk.events("request.failed")
    assert line["error"] == "FileNotFoundError", "an operator sees what the store says"

    files.folder.rmdir()
    files.folder.with_name("elsewhere").rename(files.folder)
    async with desk.http.get(url_of(desk, attachment_id), headers=AUTHORIZED) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("change", [-1_000_000, 1])
async def test_a_file_of_another_size_is_broken_off_and_never_taken_for_whole(
    desk: System, files: Files, change: int
) -> None:
    _, message_id = await first_message(desk)
    attachment_id = await files.accept(message_id, CONTENT)
    changed = CONTENT[:change] if change < 0 else CONTENT + b"x" * change
    (await files.path_of(attachment_id)).write_bytes(changed)

    async with desk.http.get(url_of(desk, attachment_id), headers=AUTHORIZED) as answer:
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientError):
            await answer.read()

    async def logged() -> None:
        assert desk.events("attachment.broken_off")
        (line,) = desk.events("attachment.downloaded")
        assert line["whole"] is False

    await eventually(logged)
    assert desk.events("request.failed") == desk.events("library.warning") == []


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("../../etc/passwd", "_.._etc_passwd.pdf"),
        ("C:\\temp\\a.bat", "C__temp_a.pdf"),
        ("factura.pdf.exe", "factura.pdf.pdf"),
        ("gpj\u202efdp.exe", "gpjfdp.pdf"),
        ("a\r\nSet-Cookie: x=1", "a Set-Cookie_ x=1.pdf"),
        ('"; filename="b.exe', "__ filename=_b.pdf"),
        ("x" * 300, "x" * 180 + ".pdf"),
        ("NUL", "_NUL.pdf"),
        ("\u6c34.html", "\u6c34.pdf"),
    ],
)
async def test_a_hostile_name_is_only_a_name(
    desk: System, files: Files, filename: str, name: str
) -> None:
    """And its end is the proved format's, whatever the sender called it."""
    _, message_id = await first_message(desk)
    attachment_id = await files.accept(message_id, b"x", filename=filename)

    async with desk.http.get(url_of(desk, attachment_id), headers=AUTHORIZED) as answer:
        header = answer.headers["Content-Disposition"]

    assert answer.content_type == "application/pdf"
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    kind, _, plain_and_full = header.partition("; ")
    plain, _, full = plain_and_full.partition("; filename*=UTF-8''")
    assert (kind, unquote(full)) == ("attachment", name)
    assert plain.removeprefix("filename=").strip('"') == name.replace("\u6c34", "_")
