"""The sender against the simulator: once, in order, and honest about what it does not know."""

import asyncio
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from tests.eventually import eventually
from tests.routing import route
from tests.system import PHONE_NUMBER_ID, System
from tests.webhooks import text_message

PHONE = "34600111222"

LOCK_CONTACT_OF = """
SELECT FROM contacts JOIN contact_addresses ON contact_id = contacts.id WHERE value = $1
FOR NO KEY UPDATE OF contacts
"""

COUNT_WAITING_SENDERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'ventanilla sender'
  AND wait_event_type = 'Lock'
"""


@pytest.fixture
async def sending(system: System) -> System:
    """Run what sends: statuses come back through ingress and the tracker."""
    system.environment["UNKNOWN_RESEND_SECONDS"] = "1"
    await system.start_all(ticket_router=0, status_tracker=0)
    return system


async def open_ticket(system: System, phone: str = PHONE) -> str:
    await route(system.database_url, text_message(phone, "Hola"))
    return str((await system.tickets(q=phone))[0]["number"])


async def answer(system: System, number: str, text: str) -> int:
    status, message = await system.desk("POST", f"/tickets/{number}/messages", {"text": text})
    assert status == 202, message
    return int(message["id"])


async def delivery(system: System, number: str, message_id: int) -> Any:
    return {m["id"]: m["delivery"] for m in await system.messages(number)}[message_id]


async def texts_on_phone(system: System, phone: str = PHONE) -> list[str]:
    return [message["text"] for message in await system.phone(phone)]


async def outbox_is_empty(database: asyncpg.Connection) -> None:
    assert await database.fetchval("SELECT count(*) FROM outbox") == 0


async def test_messages_of_a_contact_arrive_once_and_in_order(
    sending: System, database: asyncpg.Connection
) -> None:
    number = await open_ticket(sending)
    for place in range(20):
        await answer(sending, number, f"línea {place}")

    await eventually(lambda: outbox_is_empty(database))

    assert (await texts_on_phone(sending))[1:] == [f"línea {place}" for place in range(20)]
    callbacks = [message["callback_data"] for message in await sending.phone(PHONE)]
    assert len(set(callbacks)) == 21


async def test_no_more_is_sent_in_a_second_than_the_number_may_send(
    system: System, database: asyncpg.Connection
) -> None:
    """WhatsApp refuses what is above it; the senders share what may be sent."""
    await route(system.database_url, *(text_message(f"3460011{n:04}", "Hola") for n in range(9)))
    system.environment["WHATSAPP_MESSAGES_PER_SECOND"] = "4"
    await system.start_all(sender=0, ticket_router=0, status_tracker=0)
    await asyncio.gather(system.start("sender"), system.start("sender"))

    await eventually(lambda: outbox_is_empty(database))

    assert system.events("send.retry") == []
    sent = sorted(
        datetime.fromisoformat(line["timestamp"]) for line in system.events("send.accepted")
    )
    assert len(sent) == 9
    assert (sent[-1] - sent[0]).total_seconds() > 1.5, "eight slots of a quarter of a second"


async def test_a_contact_gets_no_more_than_the_pair_limit_and_delays_nobody_else(
    sending: System, database: asyncpg.Connection
) -> None:
    """WhatsApp never has to say 131056: what is too much waits here, in order."""
    await sending.behave(pair_limit=True)
    number = await open_ticket(sending)
    for place in range(50):
        await answer(sending, number, f"línea {place}")

    async def held_back() -> dict[str, Any]:
        return sending.events("send.held_back")[0]

    held = await eventually(held_back)
    await open_ticket(sending, "34600999888")

    async def others_go() -> None:
        assert len(await texts_on_phone(sending, "34600999888")) == 1

    await eventually(others_go)
    came = len(await texts_on_phone(sending))
    assert came <= 45
    assert (await texts_on_phone(sending))[1:] == [f"línea {place}" for place in range(came - 1)]
    quiet = 6_000 * came
    assert quiet - 6_000 < held["due_in_ms"] <= quiet + 500, "six seconds for each"
    assert sending.events("send.retry") == []

    async def the_others_wait() -> None:
        assert await database.fetchval("SELECT count(*) FROM outbox") == 51 - came

    await eventually(the_others_wait)


async def test_what_whatsapp_accepted_is_pending_until_a_status_says_more(
    sending: System, database: asyncpg.Connection
) -> None:
    """An answer 200 means accepted: nothing claims to be sent that was not (R16)."""
    number = await open_ticket(sending)
    message = await answer(sending, number, "Hola")
    await eventually(lambda: outbox_is_empty(database))
    assert await delivery(sending, number, message) == "pending"

    await sending.start("status_tracker")

    async def delivered() -> None:
        assert await delivery(sending, number, message) == "delivered"

    await eventually(delivered)


async def test_a_refusal_that_passes_is_tried_again_and_nothing_overtakes(
    sending: System, database: asyncpg.Connection
) -> None:
    number = await open_ticket(sending)
    await eventually(lambda: outbox_is_empty(database))
    await sending.behave(fail_next=[{"code": 131016, "times": 1}])
    await answer(sending, number, "primero")
    await answer(sending, number, "segundo")

    await eventually(lambda: outbox_is_empty(database))

    assert (await texts_on_phone(sending))[1:] == ["primero", "segundo"]
    (line,) = sending.events("send.retry")
    assert (line["code"], line["attempt"]) == (131016, 1)


async def test_a_refusal_for_good_fails_the_message_and_does_not_block_the_next(
    sending: System, database: asyncpg.Connection
) -> None:
    number = await open_ticket(sending)
    await eventually(lambda: outbox_is_empty(database))
    await sending.behave(fail_next=[{"code": 131026, "times": 1}])
    failed = await answer(sending, number, "no llega")
    await answer(sending, number, "llega")

    await eventually(lambda: outbox_is_empty(database))

    assert await delivery(sending, number, failed) == "failed"
    assert (await texts_on_phone(sending))[1:] == ["llega"]


async def test_a_refused_connection_was_certainly_not_sent_and_is_tried_again(
    system: System, database: asyncpg.Connection
) -> None:
    """Nothing listens where the Graph API should be, then it does."""
    await system.start("agent_desk")
    number = await open_ticket(system)
    sender = await system.start("sender")

    async def tried() -> None:
        assert sender.events("send.retry")

    await eventually(tried)
    await system.start_all(sender=0, agent_desk=0, ticket_router=0, status_tracker=0)

    await eventually(lambda: outbox_is_empty(database))
    assert len(await system.phone(PHONE)) == 1
    assert await delivery(system, number, 2) == "pending"


async def test_a_lost_answer_is_unknown_and_settled_by_a_status(
    sending: System, database: asyncpg.Connection
) -> None:
    """R17: it went, WhatsApp says so by our callback data, and it is not sent again."""
    number = await open_ticket(sending)
    await eventually(lambda: outbox_is_empty(database))
    await sending.behave(lose_answer_next=1)
    lost = await answer(sending, number, "perdida")
    following = await answer(sending, number, "detrás")

    async def unknown() -> None:
        assert await delivery(sending, number, lost) == "unknown"

    await eventually(unknown)
    assert await delivery(sending, number, following) == "pending"
    await sending.start("status_tracker")

    await eventually(lambda: outbox_is_empty(database))
    assert await delivery(sending, number, lost) == "delivered"
    assert (await texts_on_phone(sending))[1:] == ["perdida", "detrás"]
    _, outbox = await sending.desk("GET", "/outbox")
    assert outbox["last_day"] == {"settled": 1, "resent": 0}


async def test_an_unknown_message_is_sent_again_when_statuses_of_others_came_and_none_of_it(
    sending: System, database: asyncpg.Connection
) -> None:
    """R17: the request was cut before WhatsApp had it."""
    number = await open_ticket(sending)
    await eventually(lambda: outbox_is_empty(database))
    await sending.start("status_tracker")
    await sending.behave(refuse_connections=1)
    lost = await answer(sending, number, "perdida")

    async def unknown() -> None:
        assert await delivery(sending, number, lost) == "unknown"

    await eventually(unknown)
    assert len(await sending.phone(PHONE)) == 1
    await open_ticket(sending, "34600999888")  # whose statuses are the sign of life

    await eventually(lambda: outbox_is_empty(database))
    assert (await texts_on_phone(sending))[1:] == ["perdida"]
    assert len(sending.events("send.resend")) == 1
    (shown,) = [m for m in await sending.messages(number) if m["id"] == lost]
    assert shown["resends"] == 1, "the agent sees that the contact may have it twice"
    _, outbox = await sending.desk("GET", "/outbox")
    assert outbox["last_day"] == {"settled": 0, "resent": 1}


async def test_without_any_sign_of_life_an_unknown_message_waits_four_times_as_long(
    sending: System, database: asyncpg.Connection
) -> None:
    number = await open_ticket(sending)
    await eventually(lambda: outbox_is_empty(database))
    await sending.behave(refuse_connections=1)
    await answer(sending, number, "perdida")

    await eventually(lambda: outbox_is_empty(database))

    unknown, resend = sending.events("send.unknown")[0], sending.events("send.resend")[0]
    waited = datetime.fromisoformat(resend["timestamp"]) - datetime.fromisoformat(
        unknown["timestamp"]
    )
    assert 4 <= waited.total_seconds() < 6


async def test_a_send_whose_sender_was_killed_is_taken_over_as_unknown(
    sending: System, database: asyncpg.Connection
) -> None:
    """The lease: an attempt of a killed sender is neither lost nor blindly repeated."""
    number = await open_ticket(sending)
    await eventually(lambda: outbox_is_empty(database))
    await sending.behave(delay_seconds=30, status_before_answer=True)
    message = await answer(sending, number, "a medias")

    async def accepted() -> None:
        assert (await texts_on_phone(sending))[1:] == ["a medias"]

    await eventually(accepted)
    sending.of("sender")[0].process.kill()
    await sending.behave(delay_seconds=0)
    await database.execute("UPDATE outbox SET lease_until = now() WHERE state = 'sending'")

    async def unknown() -> None:
        assert await delivery(sending, number, message) == "unknown"

    await eventually(unknown)
    # In this order: the scheduler gives it back after some seconds, which a start may take, too.
    await sending.start("status_tracker")
    await eventually(lambda: outbox_is_empty(database))
    await sending.start("sender")
    assert (await texts_on_phone(sending))[1:] == ["a medias"]


async def test_the_phone_is_preferred_and_written_with_plus_and_a_user_id_goes_to_recipient(
    sending: System, database: asyncpg.Connection
) -> None:
    """Without `+` Meta puts the business' country code in front; a user id in `to` gets lost."""
    user = "CO.20002000200020002000"
    hidden = text_message(PHONE, "Hola") | {"from_user_id": user}
    del hidden["from"]
    await route(sending.database_url, hidden)
    await route(sending.database_url, text_message(PHONE, "Hola"))

    await eventually(lambda: outbox_is_empty(database))

    assert len(await sending.phone(PHONE)) == 1
    url = f"{sending.simulator_url}/users/{user}/messages"
    async with sending.http.get(url) as answered:
        assert len((await answered.json())["messages"]) == 1


async def test_the_grace_counts_from_the_first_taking_of_the_closing_message(
    system: System, database: asyncpg.Connection
) -> None:
    """R4: until then it is twice the grace from the click; no resend moves it again."""
    system.environment |= {"GRACE_PERIOD_SECONDS": "600", "UNKNOWN_RESEND_SECONDS": "1"}
    await system.start("agent_desk")
    number = await open_ticket(system)
    _, closing = await system.desk("POST", f"/tickets/{number}/close")
    click: datetime = await database.fetchval("SELECT closing_at FROM tickets")
    before = datetime.fromisoformat(closing["closes_at"])
    assert 1200 <= (before - click).total_seconds() <= 1201

    await system.start_all(agent_desk=0, ticket_router=0, status_tracker=0)
    await eventually(lambda: outbox_is_empty(database))

    taken: datetime = await database.fetchval("SELECT closing_taken_at FROM tickets")
    closes_at: datetime = await database.fetchval("SELECT closes_at FROM tickets")
    assert 600 <= (closes_at - taken).total_seconds() < 601
    assert closes_at.microsecond == 0
    assert len(system.events("ticket.closing_taken")) == 1
    await database.execute(
        "INSERT INTO outbox (message_id, contact_id, next_attempt_at)"
        " SELECT closing_message_id, contact_id, now() FROM tickets"
    )
    await eventually(lambda: outbox_is_empty(database))
    assert await database.fetchval("SELECT closes_at FROM tickets") == closes_at


async def test_a_status_that_comes_before_the_lost_answer_is_noticed_settles_the_send(
    system: System, database: asyncpg.Connection
) -> None:
    """R17: the usual order; the connection breaks long after the statuses have come."""
    system.environment["UNKNOWN_RESEND_SECONDS"] = "1"
    await system.start_all(ticket_router=0)
    number = await open_ticket(system)
    await eventually(lambda: outbox_is_empty(database))
    await system.behave(delay_seconds=2, status_before_answer=True, lose_answer_next=1)
    message = await answer(system, number, "lenta")

    async def delivered() -> None:
        assert await delivery(system, number, message) == "delivered"

    await eventually(delivered)
    assert await database.fetchval("SELECT state FROM outbox") == "sending"

    await eventually(lambda: outbox_is_empty(database))
    assert (await texts_on_phone(system))[1:] == ["lenta"]
    assert len(system.events("send.unknown")) == 1
    assert system.events("send.resend") == []


async def test_a_status_without_our_data_that_comes_before_the_answer_counts_after_it(
    sending: System, database: asyncpg.Connection
) -> None:
    """WhatsApp has the message and tells so while the answer to the send is still on its way."""
    await sending.start("status_tracker")
    number = await open_ticket(sending)
    await eventually(lambda: outbox_is_empty(database))
    await sending.behave(delay_seconds=2, statuses=False)
    message = await answer(sending, number, "lenta")

    async def accepted() -> str:
        return str({m["text"]: m["id"] for m in await sending.phone(PHONE)}["lenta"])

    wamid = await eventually(accepted)
    errors = [{"code": 131026, "title": "Re-engagement message"}]
    status = {"id": wamid, "status": "failed", "timestamp": "1795000100", "errors": errors}
    await inject_status(sending, status)

    async def kept() -> None:
        assert await database.fetchval("SELECT wamid FROM early_statuses") == wamid

    await eventually(kept)
    assert await delivery(sending, number, message) == "pending"
    await eventually(lambda: outbox_is_empty(database))
    assert await delivery(sending, number, message) == "failed"
    (line,) = sending.events("delivery.failed")
    assert (line["message_id"], line["code"]) == (message, 131026)


async def test_a_contact_that_is_locked_when_its_answer_comes_delays_nobody_else(
    sending: System, database: asyncpg.Connection
) -> None:
    """As by the tracker, for whom the statuses came together with the answer."""
    number = await open_ticket(sending)
    other = await open_ticket(sending, "34600999888")
    await eventually(lambda: outbox_is_empty(database))
    await sending.behave(delay_seconds=1)
    await answer(sending, number, "lenta")

    async def accepted() -> None:
        assert (await texts_on_phone(sending))[1:] == ["lenta"]

    async def recording_waits() -> None:
        assert await database.fetchval(COUNT_WAITING_SENDERS) == 1

    await eventually(accepted)
    async with database.transaction():
        await database.execute(LOCK_CONTACT_OF, PHONE)
        await eventually(recording_waits)
        await answer(sending, other, "de otro")

        async def sent() -> None:
            assert (await texts_on_phone(sending, "34600999888"))[1:] == ["de otro"]

        await eventually(sent, within=5)
        await recording_waits()

    await eventually(lambda: outbox_is_empty(database))


async def inject_status(system: System, status: dict[str, Any]) -> None:
    metadata = {"phone_number_id": PHONE_NUMBER_ID}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "statuses": [status]}
    url = f"{system.simulator_url}/webhooks"
    async with system.http.post(url, json={"value": value}) as answered:
        assert answered.status == 202, await answered.text()
