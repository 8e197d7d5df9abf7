"""Media as the desk gets them from Meta, and as it uploads and sends its own."""

from hashlib import sha256
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientError, FormData

from services.whatsapp_simulator.upload_media import LARGEST
from tests.integration.whatsapp_simulator.desk import (
    AUTHORIZED,
    PHONE_NUMBER_ID,
    Desk,
    Json,
    Simulator,
    ask_graph,
    ask_media,
    at_rest,
    behave,
    download,
    read,
    send_file,
    text_to,
)

CONTENT = b"%PDF-1.7 invoice"
UPLOAD = f"/v25.0/{PHONE_NUMBER_ID}/media"
WHOLE = {"messaging_product": "whatsapp", "type": "application/pdf"}
OPUS = b"OggS\0\2" + b"\0" * 22 + b"OpusHead"


async def upload(
    simulator: Simulator,
    content: bytes = CONTENT,
    mime_type: str = "application/pdf",
    headers: dict[str, str] = AUTHORIZED,
    path: str = UPLOAD,
) -> tuple[int, Json]:
    form = FormData({**WHOLE, "type": mime_type})
    form.add_field("file", content, filename="manual.pdf", content_type=mime_type)
    async with simulator.post(path, data=form, headers=headers) as answer:
        return answer.status, await answer.json()


def media_to(kind: str, **content: object) -> Json:
    message = {**text_to(type=kind), kind: content}
    del message["text"]
    return message


async def test_an_id_leads_to_a_link_and_the_link_to_the_bytes(simulator: Simulator) -> None:
    media_id = (await send_file(simulator, CONTENT, mime_type="application/x-odd; a=b"))["media_id"]

    status, medium = await ask_media(simulator, media_id, phone_number_id=PHONE_NUMBER_ID)

    assert status == 200
    url = medium.pop("url")
    assert medium == {
        "messaging_product": "whatsapp",
        "mime_type": "application/x-odd; a=b",
        "sha256": sha256(CONTENT).hexdigest(),
        "file_size": len(CONTENT),
        "id": media_id,
    }
    assert url.startswith(str(simulator.make_url("/")))
    async with simulator.get(urlsplit(url).path, headers=AUTHORIZED) as answer:
        assert await answer.read() == CONTENT
        assert answer.headers["Content-Length"] == str(len(CONTENT))
        assert answer.headers["Content-Type"] == "application/x-odd; a=b"


async def test_every_link_is_another_one(simulator: Simulator) -> None:
    media_id = (await send_file(simulator))["media_id"]

    urls = {(await ask_media(simulator, media_id))[1]["url"] for _ in range(3)}

    assert len(urls) == 3


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer another"}])
async def test_neither_the_id_nor_the_link_works_without_the_token(
    simulator: Simulator, headers: dict[str, str]
) -> None:
    media_id = (await send_file(simulator))["media_id"]

    async with simulator.get(f"/v25.0/{media_id}", headers=headers) as answer:
        assert answer.status == 401
        assert (await answer.json())["error"]["code"] == 190
    assert await download(simulator, media_id, headers) == (401, b"")


async def test_an_unknown_id_is_no_object_of_the_graph(simulator: Simulator) -> None:
    status, answer = await ask_media(simulator, "100000000000000")

    assert (status, answer["error"]["code"]) == (400, 100)
    assert answer["error"]["message"].startswith("Unsupported get request. Object with ID '1000")


async def test_a_medium_belongs_to_a_number(simulator: Simulator) -> None:
    media_id = (await send_file(simulator))["media_id"]

    status, answer = await ask_media(simulator, media_id, phone_number_id="1")

    assert (status, answer["error"]["code"]) == (400, 100)


async def test_a_link_ends(simulator: Simulator) -> None:
    media_id = (await send_file(simulator, CONTENT))["media_id"]

    await behave(simulator, media_url_seconds=0)
    assert (await download(simulator, media_id))[0] == 404
    await behave(simulator, media_url_seconds=1)
    assert (await download(simulator, media_id)) == (200, CONTENT)


async def test_an_unknown_link_leads_nowhere(simulator: Simulator) -> None:
    path = "/whatsapp_business/attachments/unknown"
    async with simulator.get(path, headers=AUTHORIZED) as answer:
        assert answer.status == 404


async def test_what_is_forgotten_is_unknown(simulator: Simulator) -> None:
    media_id = (await send_file(simulator))["media_id"]
    _, medium = await ask_media(simulator, media_id)

    async with simulator.post("/simulator/media/forget") as answer:
        assert await answer.json() == {"forgotten": 1}

    assert (await ask_media(simulator, media_id))[0] == 400
    async with simulator.get(urlsplit(medium["url"]).path, headers=AUTHORIZED) as answer:
        assert answer.status == 404


async def test_an_upload_can_be_fetched_and_sent(simulator: Simulator, desk: Desk) -> None:
    status, uploaded = await upload(simulator)
    assert status == 200
    assert await download(simulator, uploaded["id"]) == (200, CONTENT)

    document = {"id": uploaded["id"], "filename": "manual.pdf", "caption": "El manual"}
    status, _ = await ask_graph(simulator, media_to("document", **document))

    assert status == 200
    await at_rest(simulator)
    [message] = await read(simulator)
    assert (message["type"], message["text"]) == ("document", "El manual")
    assert (message["media_id"], message["filename"]) == (uploaded["id"], "manual.pdf")
    assert (message["mime_type"], message["content"]) == ("application/pdf", document)
    assert [s["pricing"]["category"] for s in desk.items("statuses")] == ["service", "service"]


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("image", {"caption": "ñ" * 1024}),
        ("video", {"caption": "Mire"}),
        ("audio", {"voice": True}),
        ("document", {}),
    ],
)
async def test_media_of_each_kind_can_be_sent(simulator: Simulator, kind: str, more: Json) -> None:
    _, uploaded = await upload(simulator)

    by_id = await ask_graph(simulator, media_to(kind, id=uploaded["id"], **more))
    by_link = await ask_graph(simulator, media_to(kind, link="https://example.org/a", **more))

    assert [status for status, _ in (by_id, by_link)] == [200, 200]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (media_to("document", id="100000000000000"), 131009),
        (media_to("document", id="1", link="https://example.org/a.pdf"), 131009),
        (media_to("document", link=5), 131009),
        (media_to("image", link="https://example.org/a", caption="ñ" * 1025), 131009),
        (media_to("document"), 131008),
        (media_to("audio", link="https://example.org/a", caption="Oiga"), 100),
        (media_to("image", link="https://example.org/a", filename="a.jpg"), 100),
        (text_to(type="document"), 131008),
    ],
)
async def test_media_that_meta_does_not_document_are_refused(
    simulator: Simulator, message: Json, code: int
) -> None:
    status, answer = await ask_graph(simulator, message)

    assert (status, answer["error"]["code"]) == (400, code)
    assert await read(simulator) == []


@pytest.mark.parametrize("mime_type", sorted(LARGEST.keys() - {"audio/ogg"}))
async def test_each_documented_type_can_be_uploaded_up_to_its_size(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, mime_type: str
) -> None:
    monkeypatch.setitem(LARGEST, mime_type, 10)

    assert (await upload(simulator, b"x" * 10, mime_type))[0] == 200
    status, answer = await upload(simulator, b"x" * 11, mime_type)
    assert (status, answer["error"]["code"]) == (400, 131053)


async def test_of_ogg_only_opus_can_be_uploaded(simulator: Simulator) -> None:
    assert (await upload(simulator, OPUS, "audio/ogg; codecs=opus"))[0] == 200
    status, answer = await upload(simulator, b"OggS vorbis", "audio/ogg")
    assert (status, answer["error"]["code"]) == (400, 131053)
    status, answer = await upload(simulator, OPUS, "audio/opus")
    assert (status, answer["error"]["code"]) == (400, 131053)


@pytest.mark.parametrize("mime_type", ["image/bmp", "application/xml", "application/octet-stream"])
async def test_what_citizens_may_send_the_desk_may_not(
    simulator: Simulator, mime_type: str
) -> None:
    status, answer = await upload(simulator, CONTENT, mime_type)

    assert (status, answer["error"]["code"]) == (400, 100)
    words = "(#100) Param file must be a file with one of the following types: "
    assert answer["error"]["message"].startswith(words)
    assert f"Received file of type '{mime_type}'" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("fields", "with_file", "code"),
    [
        ({"type": "application/pdf"}, True, 131008),
        ({"messaging_product": "whatsapp"}, True, 131008),
        (WHOLE, False, 131008),
        ({**WHOLE, "messaging_product": "sms"}, True, 131009),
        ({**WHOLE, "type": "document"}, True, 100),
    ],
)
async def test_an_upload_needs_all_of_its_parts(
    simulator: Simulator, fields: dict[str, str], *, with_file: bool, code: int
) -> None:
    form = FormData(fields)
    if with_file:
        form.add_field("file", CONTENT, filename="a.pdf", content_type="application/pdf")
    async with simulator.post(UPLOAD, data=form, headers=AUTHORIZED) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (400, code)


async def test_an_upload_wants_the_token_and_the_number(simulator: Simulator) -> None:
    status, answer = await upload(simulator, headers={})
    assert (status, answer["error"]["code"]) == (401, 190)
    status, answer = await upload(simulator, path="/v25.0/1/media")
    assert (status, answer["error"]["code"]) == (400, 100)


@pytest.mark.parametrize(
    ("query", "headers", "code"),
    [({"phone_number_id": "1"}, AUTHORIZED, 100), ({}, {}, 190)],
    ids=["the number of somebody else", "no token"],
)
async def test_nobody_else_deletes_a_medium(
    simulator: Simulator, query: dict[str, str], headers: dict[str, str], code: int
) -> None:
    media_id = (await send_file(simulator))["media_id"]

    async with simulator.delete(f"/v25.0/{media_id}", params=query, headers=headers) as answer:
        refused = await answer.json()

    assert refused["error"]["code"] == code
    assert (await ask_media(simulator, media_id))[0] == 200


async def test_an_upload_fails_as_a_test_asks(simulator: Simulator) -> None:
    await behave(simulator, fail_uploads=[{"code": 131053}], lose_upload_next=1)

    assert (await upload(simulator))[0] == 400
    with pytest.raises(ClientError):
        await upload(simulator)
    assert (await upload(simulator))[0] == 200
