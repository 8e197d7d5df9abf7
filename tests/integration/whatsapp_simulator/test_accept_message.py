"""What becomes of a message that Meta accepted."""

import base64

from tests.integration.whatsapp_simulator.desk import (
    Desk,
    Simulator,
    ask_graph,
    at_rest,
    behave,
    read,
    text_to,
    write,
)

USER = "CO.20002000200020002000"


async def test_a_message_to_a_phone_is_on_that_phone(simulator: Simulator) -> None:
    await behave(simulator, statuses=False)

    _, answer = await ask_graph(
        simulator,
        text_to(context={"message_id": "wamid.ANY"}, biz_opaque_callback_data="out:8f2c"),
    )

    [message] = await read(simulator)
    wamid = answer["messages"][0]["id"]
    assert answer == {
        "messaging_product": "whatsapp",
        "contacts": [{"input": "+573001234567", "wa_id": "573001234567"}],
        "messages": [{"id": wamid}],
    }
    assert message == {
        "id": wamid,
        "direction": "outbound",
        "type": "text",
        "text": "Buenas",
        "at": "2026-11-18T11:06:40Z",
        "callback_data": "out:8f2c",
        "context": {"message_id": "wamid.ANY"},
        "content": {"body": "Buenas", "preview_url": False},
        "status": None,
        "answer_lost": False,
        "lost_statuses": [],
        "media_id": None,
        "filename": None,
        "mime_type": None,
    }


async def test_a_wamid_holds_the_number_and_is_never_the_same(simulator: Simulator) -> None:
    answers = [await ask_graph(simulator, text_to()) for _ in range(3)]

    wamids = {answer["messages"][0]["id"] for _, answer in answers}
    assert len(wamids) == 3
    for wamid in wamids:
        assert b"573001234567" in base64.b64decode(wamid.removeprefix("wamid."))


async def test_a_message_to_a_user_id_is_on_the_phone_of_that_user(simulator: Simulator) -> None:
    await write(simulator, user_id=USER, text="Hola")
    message = text_to(recipient=USER)
    del message["to"]

    _, answer = await ask_graph(simulator, message)

    assert answer["contacts"] == [{"input": USER, "user_id": USER}]
    await at_rest(simulator)
    assert [m["text"] for m in await read(simulator)] == ["Hola", "Buenas"]
    assert await read(simulator) == await read(simulator, USER)


async def test_to_wins_over_recipient(simulator: Simulator) -> None:
    _, answer = await ask_graph(simulator, text_to(recipient=USER))

    assert answer["contacts"] == [{"input": "+573001234567", "wa_id": "573001234567"}]
    assert await read(simulator, USER) == []


async def test_a_user_id_in_to_is_accepted_and_never_delivered(
    simulator: Simulator, desk: Desk
) -> None:
    await write(simulator, USER)

    status, answer = await ask_graph(simulator, text_to(USER))

    assert status == 200
    assert answer["messages"][0]["id"].startswith("wamid.")
    await at_rest(simulator)
    assert [m["direction"] for m in await read(simulator, USER)] == ["inbound"]
    assert desk.items("statuses") == []


async def test_a_number_without_plus_is_dialled_inside_the_country_of_the_desk(
    simulator: Simulator,
) -> None:
    await ask_graph(simulator, text_to("3001234567", body="right"))
    await ask_graph(simulator, text_to("573001234567", body="to nobody who writes"))

    assert [m["text"] for m in await read(simulator)] == ["right"]


async def test_a_message_to_a_group_is_on_no_phone(simulator: Simulator, desk: Desk) -> None:
    group = "Y2FwaV9ncm91cDpFWEFNUExF"

    status, answer = await ask_graph(simulator, text_to(group, recipient_type="group"))

    assert status == 200
    assert answer["contacts"][0]["input"] == group
    await at_rest(simulator)
    assert desk.received == []


async def test_what_is_sent_is_reported_as_sent_and_as_delivered(
    simulator: Simulator, desk: Desk
) -> None:
    await write(simulator, name="Nuri", user_id=USER, text="Hola")

    _, answer = await ask_graph(simulator, text_to(biz_opaque_callback_data="out:8f2c"))

    await at_rest(simulator)
    statuses = sorted(desk.items("statuses"), key=lambda status: status["status"], reverse=True)
    assert [status["status"] for status in statuses] == ["sent", "delivered"]
    for status in statuses:
        assert status["id"] == answer["messages"][0]["id"]
        assert status["timestamp"] == "1795000000"
        assert status["recipient_id"] == "573001234567"
        assert status["recipient_user_id"] == USER
        assert status["biz_opaque_callback_data"] == "out:8f2c"
    [_, *values] = sorted(desk.values, key=lambda value: "statuses" in value)
    person = {"profile": {"name": "Nuri"}, "wa_id": "573001234567", "user_id": USER}
    assert [value["contacts"] for value in values] == [[person], [person]]


async def test_the_status_of_a_hidden_number_does_not_show_it(
    simulator: Simulator, desk: Desk
) -> None:
    message = text_to(recipient=USER)
    del message["to"]

    await ask_graph(simulator, message)

    await at_rest(simulator)
    assert len(desk.items("statuses")) == 2
    for status in desk.items("statuses"):
        assert "recipient_id" not in status
        assert "biz_opaque_callback_data" not in status
        assert status["recipient_user_id"] == USER
    assert "wa_id" not in desk.items("contacts")[0]


async def test_statuses_can_be_late_or_absent(simulator: Simulator, desk: Desk) -> None:
    await behave(simulator, statuses=False)
    await ask_graph(simulator, text_to(biz_opaque_callback_data="never reported"))
    await behave(simulator, statuses=True, status_delay_seconds=0.05)
    await ask_graph(simulator, text_to(biz_opaque_callback_data="late"))

    await at_rest(simulator)
    assert [status["status"] for status in desk.items("statuses")] == ["sent", "delivered"]
    assert {status["biz_opaque_callback_data"] for status in desk.items("statuses")} == {"late"}
