"""A channel that WhatsApp has stopped: it keeps its queue, says so, and resumes."""

from typing import Any

import asyncpg
import pytest

from tests.eventually import eventually
from tests.routing import route
from tests.system import System
from tests.webhooks import text_message

PHONE = "34600111222"
TRY_SOON = "UPDATE channel SET probe_at = now()"


@pytest.fixture
async def sending(system: System) -> System:
    await system.start_all(ticket_router=0, media_validator=0)
    return system


async def open_ticket(system: System, phone: str = PHONE) -> str:
    await route(system.database_url, text_message(phone, "Hola"))
    return str((await system.tickets(q=phone))[0]["number"])


async def outbox_of(system: System) -> dict[str, Any]:
    status, outbox = await system.desk("GET", "/outbox")
    assert status == 200
    return dict(outbox)


async def is_stopped(system: System, code: int | None) -> dict[str, Any]:
    outbox = await outbox_of(system)
    assert (outbox["state"], outbox["code"]) == ("stopped", code)
    return outbox


async def is_open(system: System) -> None:
    outbox = await outbox_of(system)
    assert (outbox["state"], outbox["waiting"]) == ("open", 0), outbox


@pytest.mark.parametrize("code", [190, 131042, 368])
async def test_it_keeps_the_queue_says_so_and_resumes_when_a_careful_try_succeeds(
    sending: System, database: asyncpg.Connection, code: int
) -> None:
    await sending.behave(fail_next=[{"code": code, "times": 1000}])
    for number in range(5):
        await open_ticket(sending, f"3460011122{number}")

    outbox = await eventually(lambda: is_stopped(sending, code))
    assert outbox["waiting"] == 5
    assert outbox["since"] is not None
    assert outbox["next_attempt_at"] > outbox["since"]
    assert len(sending.events("channel.stopped")) == 1, "a volley stops it once"
    (sender,) = sending.of("sender")

    async def not_ready() -> None:
        url = f"http://127.0.0.1:{sender.port}/health/ready"
        async with sending.http.get(url) as answer:
            assert answer.status == 503
            assert (await answer.json())["trouble"] == {
                "channel": f"stopped: WhatsApp's code {code}"
            }

    await eventually(not_ready)
    refused = len(sending.events("simulator.request_refused"))
    await database.execute(TRY_SOON)

    async def tried() -> None:
        assert sending.events("channel.still_stopped")

    await eventually(tried)
    assert len(sending.events("simulator.request_refused")) == refused + 1, "one message alone"
    later = await is_stopped(sending, code)
    assert later["since"] == outbox["since"]

    await sending.behave(fail_next=[])
    await database.execute(TRY_SOON)

    await eventually(lambda: is_open(sending))
    (resumed,) = sending.events("channel.resumed")
    assert resumed["by"] == "sender"
    assert all([await sending.phone(f"3460011122{number}") for number in range(5)])


async def test_a_sender_that_starts_tries_at_once(sending: System) -> None:
    """Whoever has mended the token starts the sender anew."""
    await sending.behave(fail_next=[{"code": 190, "times": 1000}])
    await open_ticket(sending)
    await eventually(lambda: is_stopped(sending, 190))
    await sending.behave(fail_next=[])

    await sending.start("sender")

    await eventually(lambda: is_open(sending))


async def test_a_wrong_phone_number_id_stops_it_and_fails_nothing(
    sending: System, database: asyncpg.Connection
) -> None:
    """Graph answers code 100 there, as for a message that is wrong."""
    for process in sending.of("sender"):
        process.process.kill()
        await process.process.wait()
    number = await open_ticket(sending)
    await sending.start("sender", environment={"WHATSAPP_PHONE_NUMBER_ID": "999"}, wait=False)

    await eventually(lambda: is_stopped(sending, 100))
    (message,) = [m for m in await sending.messages(number) if m["direction"] == "outbound"]
    assert message["delivery"] == "pending"


async def test_what_fails_hours_later_for_the_channels_sake_is_sent_again_in_order(
    sending: System, database: asyncpg.Connection
) -> None:
    """Payment trouble (131042) is told by statuses: accepted, and failed a moment later."""
    await sending.behave(fail_later=[{"code": 131042, "times": 1}])
    number = await open_ticket(sending)
    await eventually(lambda: is_stopped(sending, 131042))
    await sending.desk("POST", f"/tickets/{number}/messages", {"text": "detrás"})
    assert (await outbox_of(sending))["waiting"] == 2

    await database.execute(TRY_SOON)
    await eventually(lambda: is_open(sending))

    async def delivered() -> None:
        messages = await sending.messages(number)
        assert [m["delivery"] for m in messages if m["direction"] == "outbound"] == [
            "delivered"
        ] * 2

    await eventually(delivered)
    opening, behind = [message["text"] for message in await sending.phone(PHONE)]
    assert number in opening
    assert behind == "detrás"
    (line,) = sending.events("delivery.retry")
    assert line["code"] == 131042


async def test_a_throttled_number_is_slowed_and_loses_nothing(sending: System) -> None:
    await sending.behave(fail_next=[{"code": 130429, "times": 3}])
    for number in range(5):
        await open_ticket(sending, f"3460011122{number}")

    async def all_sent() -> None:
        assert (await outbox_of(sending))["waiting"] == 0

    await eventually(all_sent)
    slowed = sending.events("channel.slowed")
    assert slowed
    assert slowed[0]["share"] == 0.5
    assert (await outbox_of(sending))["state"] == "slowed"
