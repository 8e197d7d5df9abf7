"""R16: what may not be sent as free text leaves as its template, or says that it was not sent."""

from typing import Any

import asyncpg
import pytest

from tests.eventually import eventually
from tests.routing import route
from tests.system import PHONE_NUMBER_ID, System
from tests.webhooks import text_message, webhook_of

PHONE = "34600111222"
CLOSE_WINDOW = "UPDATE contacts SET last_inbound_at = now() - interval '25 hours'"


async def start(system: System, **environment: str) -> None:
    """Start what sends, but for the sender, whose settings are the test's."""
    system.environment |= environment
    await system.start_all(sender=0, ticket_router=0, media_validator=0)


async def write(system: System) -> str:
    await route(system.database_url, text_message(PHONE, "Hola"))
    (ticket,) = await system.tickets(q=PHONE)
    return str(ticket["number"])


async def deliveries(system: System, number: str) -> list[Any]:
    messages = await system.messages(number)
    return [one["delivery"] for one in messages if one["direction"] == "outbound"]


async def all_is_sent(database: asyncpg.Connection) -> None:
    assert await database.fetchval("SELECT count(*) FROM outbox") == 0


async def test_without_a_template_an_opening_message_is_undeliverable_and_blocks_nothing(
    system: System, database: asyncpg.Connection
) -> None:
    await start(system)
    number = await write(system)
    await system.desk("POST", f"/tickets/{number}/messages", {"text": "Buenos días"})
    await database.execute(CLOSE_WINDOW)

    await system.start("sender")
    await eventually(lambda: all_is_sent(database))

    assert await deliveries(system, number) == ["undeliverable", "undeliverable"]
    assert await system.phone(PHONE) == []
    assert len(system.events("send.undeliverable")) == 2


async def test_with_a_template_it_is_the_template_with_the_tickets_number(
    system: System, database: asyncpg.Connection
) -> None:
    await start(system, TEMPLATE_OPENING="apertura:es_ES")
    number = await write(system)
    await database.execute(CLOSE_WINDOW)

    await system.start("sender")
    await eventually(lambda: all_is_sent(database))

    (message,) = await system.phone(PHONE)
    assert (message["type"], message["content"]["name"]) == ("template", "apertura")
    assert message["content"]["language"] == {"code": "es_ES"}
    (body,) = message["content"]["components"]
    assert body["parameters"] == [{"type": "text", "text": number}]


async def test_inside_the_window_a_template_is_not_used(
    system: System, database: asyncpg.Connection
) -> None:
    await start(system, TEMPLATE_OPENING="apertura:es_ES")
    await write(system)

    await system.start("sender")
    await eventually(lambda: all_is_sent(database))

    (message,) = await system.phone(PHONE)
    assert message["type"] == "text"


@pytest.mark.parametrize("later", [False, True], ids=["at once", "as a status"])
async def test_where_whatsapp_says_that_the_window_is_closed_it_is(
    system: System, database: asyncpg.Connection, later: bool
) -> None:
    await start(system, TEMPLATE_OPENING="apertura:es_ES")
    await system.behave(statuses=False)
    if not later:
        await system.behave(fail_next=[{"code": 131047, "times": 1}])
    number = await write(system)

    await system.start("sender")
    await eventually(lambda: all_is_sent(database))
    if later:
        await fail(system, await system.phone(PHONE))

    async def template_has_come() -> None:
        assert (await system.phone(PHONE))[-1]["type"] == "template"

    await eventually(template_has_come)
    await eventually(lambda: all_is_sent(database))
    assert len(await system.phone(PHONE)) == 1 + later
    assert await deliveries(system, number) == ["pending"]
    assert len(system.events("send.window_closed")) == 1


async def test_an_agents_text_that_failed_so_says_that_it_was_not_delivered(
    system: System, database: asyncpg.Connection
) -> None:
    await start(system)
    await system.behave(statuses=False)
    number = await write(system)
    await system.desk("POST", f"/tickets/{number}/messages", {"text": "Buenos días"})
    await system.start("sender")
    await eventually(lambda: all_is_sent(database))

    await fail(system, (await system.phone(PHONE))[1:])

    async def is_told() -> None:
        assert await deliveries(system, number) == ["pending", "undeliverable"]

    await eventually(is_told)


async def fail(system: System, messages: list[dict[str, Any]]) -> None:
    """Have WhatsApp tell that these were not delivered, because the window is closed."""
    statuses = [
        {
            "id": message["id"],
            "status": "failed",
            "timestamp": "1795000100",
            "recipient_id": PHONE,
            "errors": [{"code": 131047, "title": "Re-engagement message"}],
        }
        for message in messages
    ]
    value = webhook_of(statuses=statuses)["entry"][0]["changes"][0]["value"]
    assert value["metadata"]["phone_number_id"] == PHONE_NUMBER_ID
    async with system.http.post(
        f"{system.simulator_url}/webhooks", json={"value": value}
    ) as answer:
        assert answer.status == 202
