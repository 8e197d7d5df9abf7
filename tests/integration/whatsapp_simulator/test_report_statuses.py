"""What the desk is told about the messages that it sent."""

import asyncio

import pytest

from tests.integration.whatsapp_simulator.desk import (
    Desk,
    Json,
    Simulator,
    ask_graph,
    at_rest,
    behave,
    eventually,
    read,
    text_to,
    write,
)

READ = "/simulator/phones/573001234567/read"
USER = "CO.20002000200020002000"


async def mark(simulator: Simulator, path: str = READ) -> list[str]:
    async with simulator.post(path) as answer:
        assert answer.status == 200
        wamids: list[str] = (await answer.json())["read"]
        return wamids


def states_of(desk: Desk) -> list[str]:
    return [status["status"] for status in desk.items("statuses")]


async def sent(simulator: Simulator, **more: object) -> str:
    _, answer = await ask_graph(simulator, {**text_to(), **more})
    wamid: str = answer["messages"][0]["id"]
    return wamid


async def test_whoever_reads_reports_each_message_once(simulator: Simulator, desk: Desk) -> None:
    await write(simulator, text="Hola")
    wamids = [await sent(simulator, biz_opaque_callback_data=f"out:{n}") for n in range(2)]
    await at_rest(simulator)

    assert await mark(simulator) == wamids
    assert await mark(simulator) == []

    await at_rest(simulator)
    reads = [status for status in desk.items("statuses") if status["status"] == "read"]
    assert sorted(s["biz_opaque_callback_data"] for s in reads) == ["out:0", "out:1"]
    assert {s["id"] for s in reads} == set(wamids)
    assert [m["status"] for m in await read(simulator)] == ["delivered", "read", "read"]


async def test_a_phone_with_a_hidden_number_can_read(simulator: Simulator, desk: Desk) -> None:
    message = {**text_to(recipient=USER)}
    del message["to"]
    await ask_graph(simulator, message)

    assert len(await mark(simulator, f"/simulator/users/{USER}/read")) == 1

    await at_rest(simulator)
    assert sorted(states_of(desk)) == ["delivered", "read", "sent"]
    assert all("recipient_id" not in status for status in desk.items("statuses"))


async def test_nobody_reads_on_an_unknown_phone(simulator: Simulator) -> None:
    assert await mark(simulator, "/simulator/phones/573009999999/read") == []


async def test_a_message_can_be_read_without_any_other_status(
    simulator: Simulator, desk: Desk
) -> None:
    # `delivered` may never come: a chat that is open goes straight to `read`.
    await behave(simulator, statuses=False)
    await sent(simulator)
    assert [m["status"] for m in await read(simulator)] == [None]

    await mark(simulator)

    await at_rest(simulator)
    assert states_of(desk) == ["read"]


async def test_a_status_that_comes_late_makes_nothing_unread(
    simulator: Simulator, desk: Desk
) -> None:
    await behave(simulator, webhooks_paused=True)
    await sent(simulator)
    await mark(simulator)

    await behave(simulator, webhooks_paused=False)

    await at_rest(simulator)
    assert sorted(states_of(desk)) == ["delivered", "read", "sent"]
    assert [m["status"] for m in await read(simulator)] == ["read"]
    assert await mark(simulator) == []


async def test_read_receipts_can_come_by_themselves(simulator: Simulator, desk: Desk) -> None:
    await behave(simulator, read_receipts=True, status_delay_seconds=0.05)
    await sent(simulator)

    await at_rest(simulator)
    assert states_of(desk) == ["sent", "delivered", "read"]
    assert [m["status"] for m in await read(simulator)] == ["read"]
    assert await mark(simulator) == []


@pytest.mark.parametrize("shown", [True, False])
async def test_statuses_bring_the_callback_data_unless_they_are_to_lack_it(
    simulator: Simulator, desk: Desk, *, shown: bool
) -> None:
    await behave(simulator, callback_data=shown)
    await sent(simulator, biz_opaque_callback_data="out:1")
    await mark(simulator)

    await at_rest(simulator)
    statuses = desk.items("statuses")
    assert len(statuses) == 3
    assert {status.get("biz_opaque_callback_data") for status in statuses} == {
        "out:1" if shown else None
    }


async def test_statuses_wait_for_a_late_answer(simulator: Simulator, desk: Desk) -> None:
    await behave(simulator, delay_seconds=0.3)

    await sent(simulator)
    before: list[Json] = list(desk.items("statuses"))

    await at_rest(simulator)
    assert before == []
    assert sorted(states_of(desk)) == ["delivered", "sent"]


async def test_statuses_can_come_before_the_answer(simulator: Simulator, desk: Desk) -> None:
    await behave(simulator, delay_seconds=60, status_before_answer=True)
    sending = asyncio.create_task(sent(simulator))

    async for attempt in eventually():
        with attempt:
            assert sorted(states_of(desk)) == ["delivered", "sent"]

    assert not sending.done()
    sending.cancel()
