"""The desk marks what a citizen wrote as read, and the citizen's phone shows it."""

from tests.integration.whatsapp_simulator.desk import (
    Simulator,
    ask_graph,
    at_rest,
    read,
    text_to,
    write,
)

OTHER_PHONE = "573007654321"


async def mark(simulator: Simulator, wamid: str) -> None:
    receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    assert await ask_graph(simulator, receipt) == (200, {"success": True})


async def test_the_messages_before_it_are_read_too_and_none_after_it(simulator: Simulator) -> None:
    wamids = [await write(simulator, text=text) for text in ("uno", "dos", "tres")]
    await write(simulator, OTHER_PHONE, text="otra persona")
    await at_rest(simulator)

    await mark(simulator, wamids[1])

    assert [one["status"] for one in await read(simulator)] == ["read", "read", "delivered"]
    assert [one["status"] for one in await read(simulator, OTHER_PHONE)] == ["delivered"]


async def test_what_the_desk_sent_is_not_read_by_that(simulator: Simulator) -> None:
    await ask_graph(simulator, text_to())
    wamid = await write(simulator)
    await at_rest(simulator)

    await mark(simulator, wamid)

    assert [one["status"] for one in await read(simulator)] == ["delivered", "read"]


async def test_a_mark_of_an_older_message_makes_nothing_unread(simulator: Simulator) -> None:
    older, newer = [await write(simulator, text=text) for text in ("uno", "dos")]
    await at_rest(simulator)

    await mark(simulator, newer)
    await mark(simulator, older)

    assert [one["status"] for one in await read(simulator)] == ["read", "read"]
