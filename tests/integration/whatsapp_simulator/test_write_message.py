"""What a citizen writes, as the webhook that the desk gets."""

import base64

import pytest

from tests.integration.whatsapp_simulator.desk import (
    PHONE_NUMBER_ID,
    Desk,
    Json,
    Simulator,
    ask_graph,
    at_rest,
    read,
    text_to,
    write,
)

USER = "CO.20002000200020002000"


async def test_a_text_makes_the_webhook_that_meta_documents(
    simulator: Simulator, desk: Desk
) -> None:
    wamid = await write(simulator, "+573001234567", text="Hola", name="Nuri", user_id=USER)

    await at_rest(simulator)
    value = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": "576015550100",
            "phone_number_id": PHONE_NUMBER_ID,
        },
        "contacts": [{"profile": {"name": "Nuri"}, "wa_id": "573001234567", "user_id": USER}],
        "messages": [
            {
                "from": "573001234567",
                "from_user_id": USER,
                "id": wamid,
                "timestamp": "1795000000",
                "type": "text",
                "text": {"body": "Hola"},
            }
        ],
    }
    changes = [{"value": value, "field": "messages"}]
    assert desk.bodies == [
        {
            "object": "whatsapp_business_account",
            "entry": [{"id": "900100200300400", "changes": changes}],
        }
    ]
    assert b"573001234567" in base64.b64decode(wamid.removeprefix("wamid."))
    [message] = await read(simulator)
    assert (message["id"], message["direction"], message["text"]) == (wamid, "inbound", "Hola")


async def test_a_citizen_who_hides_the_number_is_known_by_the_user_id(
    simulator: Simulator, desk: Desk
) -> None:
    await write(simulator, USER, text="Hola")

    await at_rest(simulator)
    [contact] = desk.items("contacts")
    [message] = desk.items("messages")
    assert contact["user_id"] == message["from_user_id"] == USER
    assert contact["profile"]["username"]
    assert "wa_id" not in contact
    assert "from" not in message


async def test_every_webhook_has_a_user_id_unless_it_is_from_before(
    simulator: Simulator, desk: Desk
) -> None:
    await write(simulator, "573000000001", text="now")
    await write(simulator, "573000000002", text="before", user_id=None)
    await write(simulator, "573000000002", text="and still")

    await at_rest(simulator)
    shown = {m["text"]["body"]: m.get("from_user_id") for m in desk.items("messages")}
    assert str(shown["now"]).startswith("CO.")
    assert shown["before"] is None
    assert shown["and still"] is None


@pytest.mark.parametrize(
    ("what", "part"),
    [
        ({"forwarded": "once"}, {"context": {"forwarded": True}}),
        ({"forwarded": "often"}, {"context": {"frequently_forwarded": True}}),
        ({"reply_to": "wamid.X"}, {"context": {"from": "576015550100", "id": "wamid.X"}}),
        ({"timestamp": 1700000000}, {"timestamp": "1700000000"}),
        ({"group_id": "Y2FwaQ"}, {"group_id": "Y2FwaQ"}),
    ],
)
async def test_what_is_said_of_a_message_is_in_its_webhook(
    simulator: Simulator, desk: Desk, what: Json, part: Json
) -> None:
    await write(simulator, text="Hola", **what)

    await at_rest(simulator)
    [message] = desk.items("messages")
    assert part.items() <= message.items()


async def test_a_message_of_any_kind_can_be_written(simulator: Simulator, desk: Desk) -> None:
    image = {"id": "811", "mime_type": "image/jpeg", "sha256": "x", "caption": "Mira"}
    wamid = await write(simulator, message={"type": "image", "image": image}, forwarded="once")

    await at_rest(simulator)
    [message] = desk.items("messages")
    assert message["image"] == image
    assert message["id"] == wamid
    assert message["context"] == {"forwarded": True}
    [kept] = await read(simulator)
    assert (kept["type"], kept["text"], kept["content"]) == ("image", "Mira", image)


async def test_a_change_of_number_comes_without_contacts(simulator: Simulator, desk: Desk) -> None:
    system = {"type": "user_changed_number", "body": "…", "wa_id": "573009999999"}
    await write(simulator, message={"type": "system", "system": system})

    await at_rest(simulator)
    [value] = desk.values
    assert "contacts" not in value


@pytest.mark.parametrize(
    "what",
    [
        {},
        {"text": ""},
        {"text": 5},
        {"text": "Hola", "message": {"type": "text"}},
        {"text": "Hola", "unheard_of": 1},
        {"text": "Hola", "forwarded": "twice"},
    ],
)
async def test_a_phone_says_what_it_does_not_understand(simulator: Simulator, what: Json) -> None:
    async with simulator.post("/simulator/phones/573001234567/messages", json=what) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]


async def test_a_recycled_number_is_the_phone_of_its_new_owner(simulator: Simulator) -> None:
    await write(simulator, text="old owner", user_id="CO.1")
    await write(simulator, text="new owner", user_id="CO.2")

    await ask_graph(simulator, text_to(body="to the number"))

    assert [m["text"] for m in await read(simulator)] == ["new owner", "to the number"]
    assert [m["text"] for m in await read(simulator, "CO.1")] == ["old owner"]


async def test_a_citizen_with_a_new_number_is_not_reached_at_the_old_one(
    simulator: Simulator,
) -> None:
    await write(simulator, "573000000001", text="from the old", user_id=USER)
    await write(simulator, "573000000002", text="from the new", user_id=USER)

    await ask_graph(simulator, text_to("+573000000001", body="to the old"))

    assert [m["text"] for m in await read(simulator, USER)] == ["from the old", "from the new"]
    assert [m["text"] for m in await read(simulator, "573000000001")] == ["to the old"]


async def test_a_number_and_a_user_id_that_come_together_are_one_phone(
    simulator: Simulator,
) -> None:
    await write(simulator, "573000000001", text="number only", user_id=None)
    await write(simulator, USER, text="user id only")
    await write(simulator, "573000000001", text="both", user_id=USER)

    await at_rest(simulator)
    texts = {m["text"] for m in await read(simulator, USER)}
    assert texts == {"number only", "user id only", "both"}
    assert await read(simulator, USER) == await read(simulator, "573000000001")
