"""What a citizen sends as a file, and the webhook that the desk gets for it."""

from base64 import b64encode
from hashlib import sha256

import pytest
from aiohttp import FormData

from services.whatsapp_simulator import send_file as sending
from tests.integration.whatsapp_simulator.desk import (
    AUTHORIZED,
    Desk,
    Json,
    Simulator,
    at_rest,
    download,
    read,
    send_file,
    write,
)

CONTENT = b"%PDF-1.7 invoice"
DIGEST = sha256(CONTENT).digest()
USER = "CO.20002000200020002000"


async def sent_item(simulator: Simulator, desk: Desk) -> Json:
    await at_rest(simulator)
    [message] = desk.items("messages")
    return message


async def test_a_document_makes_the_webhook_that_meta_documents(
    simulator: Simulator, desk: Desk
) -> None:
    sent = await send_file(simulator, CONTENT, name="Nuri", caption="Mire la página 2")

    message = await sent_item(simulator, desk)
    assert desk.items("contacts")[0]["profile"] == {"name": "Nuri"}
    assert message == {
        "from": "573001234567",
        "from_user_id": message["from_user_id"],
        "id": sent["id"],
        "timestamp": "1795000000",
        "type": "document",
        "document": {
            "id": sent["media_id"],
            "mime_type": "application/pdf",
            "sha256": b64encode(DIGEST).decode(),
            "filename": "Factura.pdf",
            "caption": "Mire la página 2",
        },
    }
    assert sent["media_id"].isdigit()


@pytest.mark.parametrize(
    ("kind", "only"),
    [
        ("image", {}),
        ("video", {}),
        ("audio", {"voice": False}),
        ("sticker", {"animated": False}),
    ],
)
async def test_only_documents_carry_a_filename(
    simulator: Simulator, desk: Desk, kind: str, only: Json
) -> None:
    sent = await send_file(simulator, CONTENT, kind=kind)

    message = await sent_item(simulator, desk)
    assert message["type"] == kind
    assert message[kind] == {
        "id": sent["media_id"],
        "mime_type": "application/pdf",
        "sha256": b64encode(DIGEST).decode(),
        **only,
    }


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"mime_type": "image/bmp"}, {"mime_type": "image/bmp"}),
        ({"filename": "../otro\u202efdp.exe"}, {"filename": "../otro\u202efdp.exe"}),
        ({"sha256": "hex"}, {"sha256": DIGEST.hex()}),
        ({"kind": "audio", "voice": "true"}, {"voice": True}),
    ],
)
async def test_what_is_declared_is_in_the_webhook(
    simulator: Simulator, desk: Desk, fields: dict[str, str], shown: Json
) -> None:
    await send_file(simulator, CONTENT, **fields)

    message = await sent_item(simulator, desk)
    assert shown.items() <= message[message["type"]].items()


async def test_a_document_may_have_no_filename(simulator: Simulator, desk: Desk) -> None:
    await send_file(simulator, CONTENT, filename="")

    message = await sent_item(simulator, desk)
    assert "filename" not in message["document"]


async def test_a_wrong_digest_is_well_formed_and_of_something_else(
    simulator: Simulator, desk: Desk
) -> None:
    await send_file(simulator, CONTENT, sha256="wrong")

    message = await sent_item(simulator, desk)
    shown = message["document"]["sha256"]
    assert len(shown) == len(b64encode(DIGEST))
    assert shown != b64encode(DIGEST).decode()


@pytest.mark.parametrize(
    ("fields", "context"),
    [
        ({"forwarded": "often"}, {"frequently_forwarded": True}),
        ({"reply_to": "wamid.X"}, {"from": "576015550100", "id": "wamid.X"}),
    ],
)
async def test_a_file_is_forwarded_and_quotes_like_a_text(
    simulator: Simulator, desk: Desk, fields: dict[str, str], context: Json
) -> None:
    await send_file(simulator, CONTENT, timestamp="1700000000", **fields)

    message = await sent_item(simulator, desk)
    assert (message["context"], message["timestamp"]) == (context, "1700000000")


async def test_a_citizen_who_hides_the_number_can_send_a_file(
    simulator: Simulator, desk: Desk
) -> None:
    await send_file(simulator, CONTENT, USER)

    message = await sent_item(simulator, desk)
    assert message["from_user_id"] == USER
    assert "from" not in message


async def test_the_phone_has_the_file(simulator: Simulator) -> None:
    sent = await send_file(simulator, CONTENT, caption="Mire", filename="Café 1.pdf")

    [message] = await read(simulator)
    assert message["id"] == sent["id"]
    assert (message["type"], message["text"]) == ("document", "Mire")
    assert (message["media_id"], message["filename"]) == (sent["media_id"], "Café 1.pdf")
    assert message["mime_type"] == "application/pdf"
    async with simulator.get(f"/simulator/media/{sent['media_id']}") as answer:
        assert await answer.read() == CONTENT
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        # A page that a citizen sent runs nothing on the phone of another.
        assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
        assert answer.headers["Content-Disposition"] == (
            "attachment; filename*=UTF-8''Caf%C3%A9%201.pdf"
        )


async def test_an_unknown_file_is_on_no_phone(simulator: Simulator) -> None:
    async with simulator.get("/simulator/media/100000000000000") as answer:
        assert answer.status == 404


async def test_the_same_bytes_sent_twice_are_two_media(simulator: Simulator) -> None:
    first = await send_file(simulator, CONTENT)
    second = await send_file(simulator, CONTENT, filename="otra.pdf")

    assert first["media_id"] != second["media_id"]
    assert (await download(simulator, first["media_id"]))[1] == CONTENT
    assert (await download(simulator, second["media_id"]))[1] == CONTENT


async def test_an_empty_file_is_a_file(simulator: Simulator) -> None:
    sent = await send_file(simulator, b"")

    assert await download(simulator, sent["media_id"]) == (200, b"")


async def test_in_place_of_too_large_a_file_comes_an_error(
    simulator: Simulator, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LARGEST_BYTES", 10)

    await send_file(simulator, b"x" * 11, caption="Grande")

    message = await sent_item(simulator, desk)
    assert message["type"] == "unsupported"
    assert message["errors"][0]["code"] == 131052
    assert "document" not in message


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "poem"},
        {"forwarded": "twice"},
        {"unheard_of": "1"},
        {"sha256": "md5"},
        {"timestamp": "yesterday"},
        {"mime_type": "text/html\r\nSet-Cookie: x"},
        {"kind": "audio", "caption": "Escuche"},
        {"kind": "sticker", "caption": "Mire"},
    ],
)
async def test_a_form_that_is_not_understood_sends_nothing(
    simulator: Simulator, fields: dict[str, str]
) -> None:
    form = FormData(fields)
    form.add_field("file", CONTENT, filename="a.pdf", content_type="application/pdf")
    async with simulator.post("/simulator/phones/573001234567/files", data=form) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]

    assert await read(simulator) == []


async def test_a_browser_says_name_and_type_with_the_file(simulator: Simulator, desk: Desk) -> None:
    form = FormData()
    form.add_field("file", CONTENT, filename="a.pdf", content_type="application/pdf")

    await simulator.post("/simulator/phones/573001234567/files", data=form)

    message = await sent_item(simulator, desk)
    assert message["document"]["filename"] == "a.pdf"
    assert message["document"]["mime_type"] == "application/pdf"


async def test_a_form_without_a_file_sends_nothing(simulator: Simulator) -> None:
    async with simulator.post(
        "/simulator/phones/573001234567/files", data=FormData({"kind": "image", "file": "no"})
    ) as answer:
        assert answer.status == 400

    assert await read(simulator) == []


async def test_what_a_citizen_wrote_is_sent_then_delivered_then_read(
    simulator: Simulator, desk: Desk
) -> None:
    async with simulator.patch("/simulator/behaviour", json={"webhooks_paused": True}):
        pass
    first = await write(simulator, text="Hola")
    second = await write(simulator, text="¿Hay alguien?")
    assert [m["status"] for m in await read(simulator)] == ["sent", "sent"]

    async with simulator.patch("/simulator/behaviour", json={"webhooks_paused": False}):
        pass
    await at_rest(simulator)
    assert [m["status"] for m in await read(simulator)] == ["delivered", "delivered"]

    third = await write(simulator, text="Adiós")
    await at_rest(simulator)
    receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": second}
    path = "/v25.0/700800900100200/messages"
    async with simulator.post(path, json=receipt, headers=AUTHORIZED) as answer:
        assert answer.status == 200
    states = {m["id"]: m["status"] for m in await read(simulator)}
    assert states == {first: "read", second: "read", third: "delivered"}


async def test_a_message_that_the_desk_does_not_take_stays_on_its_way(
    simulator: Simulator, desk: Desk
) -> None:
    desk.answers = [503] * 1000

    await write(simulator, text="Hola")

    async with simulator.get("/simulator/webhooks") as answer:
        assert (await answer.json())["pending"] == 1
    assert [m["status"] for m in await read(simulator)] == ["sent"]
