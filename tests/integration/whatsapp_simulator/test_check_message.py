"""What the desk may ask of the Cloud API, and what it gets for everything else."""

import pytest

from tests.integration.whatsapp_simulator.desk import (
    AUTHORIZED,
    GRAPH,
    PHONE_NUMBER_ID,
    Json,
    Simulator,
    ask_graph,
    at_rest,
    read,
    text_to,
    write,
)

TEMPLATE: Json = {
    "name": "ticket_closed",
    "language": {"code": "es_CO"},
    "components": [{"type": "body", "parameters": [{"type": "text", "text": "2026-000001"}]}],
}


def template_to(address: str = "+573001234567", **more: object) -> Json:
    message = text_to(address, type="template", template={**TEMPLATE, **more})
    del message["text"]
    return message


def parameter(text: str) -> list[Json]:
    return [{"type": "body", "parameters": [{"type": "text", "text": text}]}]


def without(name: str) -> Json:
    return {key: value for key, value in text_to().items() if key != name}


@pytest.mark.parametrize(
    "message",
    [
        text_to(),
        text_to(recipient_type="individual"),
        text_to("57 (300) 123-4567"),
        text_to(body="ñ" * 4096),
        text_to(text={"body": "Buenas", "preview_url": True}),
        text_to(context={"message_id": "wamid.ANY"}),
        text_to(biz_opaque_callback_data="x" * 512),
        {**without("to"), "recipient": "CO.20002000200020002000"},
        template_to(),
        template_to(components=[]),
        template_to(language={"code": "es", "policy": "deterministic"}),
    ],
)
async def test_a_message_that_meta_documents_is_accepted(
    simulator: Simulator, message: Json
) -> None:
    status, answer = await ask_graph(simulator, message)

    assert status == 200, answer


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (text_to(unheard_of=1), 100),
        (text_to(text={"body": "Buenas", "unheard_of": 1}), 100),
        (text_to(context={"message_id": "wamid.ANY", "unheard_of": 1}), 100),
        (template_to(unheard_of=1), 100),
        (text_to(recipient_type="person"), 100),
        ([], 100),
        ("no object", 100),
        (without("messaging_product"), 131008),
        (without("to"), 131008),
        (without("text"), 131008),
        (text_to(text={}), 131008),
        (text_to(type="template"), 131008),
        (template_to(components=parameter("")), 131008),
        (text_to(messaging_product="sms"), 131009),
        (text_to(type="poem"), 131009),
        (text_to(body=""), 131009),
        (text_to(body="ñ" * 4097), 131009),
        (text_to(text={"body": 5}), 131009),
        (text_to(text={"body": "Buenas", "preview_url": "true"}), 131009),
        (text_to(biz_opaque_callback_data="x" * 513), 131009),
        (text_to("nobody"), 131009),
        (text_to("+123"), 131009),
        (text_to(context=None), 131009),
        ({**without("to"), "recipient": "+573001234567"}, 131009),
        ({**without("to"), "recipient": ""}, 131009),
        (text_to("+576015550100"), 131021),
        (template_to(components=parameter("two\nlines")), 132018),
        (template_to(components=parameter("five     spaces")), 132018),
    ],
)
async def test_a_message_that_meta_does_not_document_is_refused(
    simulator: Simulator, message: object, code: int
) -> None:
    status, answer = await ask_graph(simulator, message)

    assert status == 400
    assert answer["error"]["code"] == code
    assert answer["error"]["message"].startswith(f"(#{code}) ")
    assert answer["error"]["error_data"]["messaging_product"] == "whatsapp"
    assert await read(simulator) == []


async def test_a_body_that_is_no_json_is_refused(simulator: Simulator) -> None:
    async with simulator.post(GRAPH, data=b'{"to":', headers=AUTHORIZED) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]["code"] == 100


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer another"}, {"Authorization": "a-token"}],
)
async def test_without_the_token_nothing_is_sent(
    simulator: Simulator, headers: dict[str, str]
) -> None:
    async with simulator.post(GRAPH, json=text_to(), headers=headers) as answer:
        error = (await answer.json())["error"]

    assert answer.status == 401
    assert error["code"] == 190
    assert error["type"] == "OAuthException"
    assert error["fbtrace_id"]
    assert await read(simulator) == []


async def test_a_number_of_somebody_else_is_an_unknown_object(simulator: Simulator) -> None:
    path = GRAPH.replace(PHONE_NUMBER_ID, "1")
    async with simulator.post(path, json=text_to(), headers=AUTHORIZED) as answer:
        error = (await answer.json())["error"]

    assert answer.status == 400
    assert (error["code"], error["error_subcode"]) == (100, 33)
    assert error["type"] == "GraphMethodException"


async def test_a_message_of_a_citizen_can_be_marked_as_read(simulator: Simulator) -> None:
    wamid = await write(simulator)
    receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}

    typing = {**receipt, "typing_indicator": {"type": "text"}}

    assert await ask_graph(simulator, receipt) == (200, {"success": True})
    assert await ask_graph(simulator, typing) == (200, {"success": True})
    await at_rest(simulator)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"message_id": "wamid.UNKNOWN"}, 131009),
        ({"status": "seen"}, 131009),
        ({"unheard_of": 1}, 100),
    ],
)
async def test_a_read_receipt_is_checked_too(simulator: Simulator, change: Json, code: int) -> None:
    wamid = await write(simulator)
    receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid, **change}

    status, answer = await ask_graph(simulator, receipt)

    assert (status, answer["error"]["code"]) == (400, code)
