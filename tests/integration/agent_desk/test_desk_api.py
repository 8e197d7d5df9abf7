"""The agents' API, on a real database: what is answered, and what bad input gets."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from tests.eventually import eventually
from tests.routing import route
from tests.system import System
from tests.webhooks import text_message

PHONE = "34600111222"


async def open_ticket(system: System, phone: str = PHONE, text: str = "Hola") -> str:
    await route(system.database_url, text_message(phone, text))
    return str((await system.tickets(q=phone))[0]["number"])


async def test_a_ticket_shows_its_contact_and_its_window(desk: System) -> None:
    now = datetime.now(UTC)
    number = await open_ticket(desk)

    _, ticket = await desk.desk("GET", f"/tickets/{number}")

    assert ticket["contact"]["phone"] == PHONE
    assert (ticket["status"], ticket["channel"], ticket["unread"]) == ("open", "whatsapp", 1)
    assert (ticket["closes_at"], ticket["closed_at"], ticket["previous_number"]) == (None,) * 3
    window = datetime.fromisoformat(ticket["window_closes_at"])
    assert abs(window - now - timedelta(hours=24)) < timedelta(seconds=30)


async def test_closing_twice_and_reopening_what_is_open_are_409(desk: System) -> None:
    """R4, R5."""
    number = await open_ticket(desk)
    assert (await desk.desk("POST", f"/tickets/{number}/reopen"))[0] == 409

    status, ticket = await desk.desk("POST", f"/tickets/{number}/close")

    assert (status, ticket["status"]) == (200, "closing")
    assert ticket["closes_at"].endswith(":00Z") or "." not in ticket["closes_at"]
    assert (await desk.desk("POST", f"/tickets/{number}/close"))[0] == 409
    status, ticket = await desk.desk("POST", f"/tickets/{number}/reopen")
    assert (status, ticket["status"], ticket["closes_at"]) == (200, "open", None)


async def test_a_closing_that_nobody_was_told_of_is_withdrawn_silently(desk: System) -> None:
    """R5: the closing message was not taken for sending, so nothing is said."""
    number = await open_ticket(desk)
    await desk.desk("POST", f"/tickets/{number}/close")
    assert len([m for m in await desk.messages(number) if m["direction"] == "outbound"]) == 2

    await desk.desk("POST", f"/tickets/{number}/reopen")

    outbound = [m for m in await desk.messages(number) if m["direction"] == "outbound"]
    assert [message["author"] for message in outbound] == ["system"]


async def test_a_contact_who_was_told_of_the_closing_is_told_of_the_reopening(
    desk: System, database: asyncpg.Connection
) -> None:
    """R5: once the closing message is taken, the reopening follows it in the queue."""
    number = await open_ticket(desk)
    await desk.desk("POST", f"/tickets/{number}/close")
    await database.execute(
        "UPDATE outbox SET state = 'sending', attempts = 1, lease_until = now() + interval '1 min',"
        " next_attempt_at = NULL WHERE message_id = (SELECT max(message_id) FROM outbox)"
    )

    await desk.desk("POST", f"/tickets/{number}/reopen")

    texts = [m["text"] for m in await desk.messages(number) if m["direction"] == "outbound"]
    assert len(texts) == 3
    assert "reabierto" in texts[2]


async def test_from_the_deadline_on_everyone_sees_a_closed_ticket(
    desk: System, database: asyncpg.Connection
) -> None:
    """R6: whatever the status column says, before any scheduler has come by."""
    number = await open_ticket(desk)
    await desk.desk("POST", f"/tickets/{number}/close")
    await database.execute(
        "UPDATE tickets SET closes_at = date_trunc('second', now()) - interval '5 s'"
    )

    _, ticket = await desk.desk("GET", f"/tickets/{number}")

    assert ticket["status"] == "closed"
    assert ticket["closed_at"] == ticket["closes_at"]
    assert [one["number"] for one in await desk.tickets(status="closed")] == [number]
    assert await desk.tickets(status="closing") == []
    for action in ("close", "reopen"):
        assert (await desk.desk("POST", f"/tickets/{number}/{action}"))[0] == 409
    body = {"text": "hola"}
    assert (await desk.desk("POST", f"/tickets/{number}/messages", body))[0] == 409


async def test_an_agent_may_still_answer_while_a_ticket_is_closing(desk: System) -> None:
    number = await open_ticket(desk)
    await desk.desk("POST", f"/tickets/{number}/close")

    status, message = await desk.desk("POST", f"/tickets/{number}/messages", {"text": "Adiós"})

    assert (status, message["delivery"], message["author"]) == (202, "pending", "admin")


async def test_outside_the_24_hour_window_free_text_is_422(
    desk: System, database: asyncpg.Connection
) -> None:
    """R16: the agent is told before anything is queued."""
    number = await open_ticket(desk)
    await database.execute("UPDATE contacts SET last_inbound_at = now() - interval '24 h'")

    status, problem = await desk.desk("POST", f"/tickets/{number}/messages", {"text": "hola"})

    assert (status, problem["status"]) == (422, 422)
    assert len(await desk.messages(number)) == 2


async def test_a_closed_ticket_with_unseen_messages_stays_unread_until_it_is_read(
    desk: System, database: asyncpg.Connection
) -> None:
    """R7: nothing is buried in a closed ticket."""
    number = await open_ticket(desk)
    await desk.desk("POST", f"/tickets/{number}/close")
    await database.execute(
        "UPDATE tickets SET closes_at = date_trunc('second', now()) - interval '5 s'"
    )
    assert [one["number"] for one in await desk.tickets(unread="true")] == [number]

    status, ticket = await desk.desk("POST", f"/tickets/{number}/read")

    assert (status, ticket["unread"]) == (200, 0)
    assert await desk.tickets(unread="true") == []


async def test_telephone_and_email_tickets_may_be_many_and_close_at_once(
    desk: System, database: asyncpg.Connection
) -> None:
    """R3: they do not count, close without grace, and nothing goes to WhatsApp."""
    await open_ticket(desk)
    body = {
        "channel": "phone",
        "contact": {"name": "Ana", "phone": PHONE, "email": None},
        "text": "Llamó por la firma",
    }
    numbers = []
    for _ in range(2):
        status, ticket = await desk.desk("POST", "/tickets", body)
        assert (status, ticket["status"], ticket["window_closes_at"]) == (201, "open", None)
        numbers.append(ticket["number"])
    (note,) = await desk.messages(numbers[0])
    assert (note["kind"], note["delivery"], note["text"]) == ("note", None, "Llamó por la firma")

    status, ticket = await desk.desk("POST", f"/tickets/{numbers[0]}/close")

    assert (status, ticket["status"]) == (200, "closed")
    assert (await desk.desk("POST", f"/tickets/{numbers[1]}/messages", {"text": "x"}))[0] == 202
    queued = "SELECT count(*) FROM outbox JOIN messages ON id = message_id WHERE ticket_id <> 1"
    assert await database.fetchval(queued) == 0
    contacts = {one["contact"]["id"] for one in await desk.tickets(channel="phone")}
    assert len(contacts) == 1
    addresses = await database.fetchval("SELECT count(*) FROM contact_addresses")
    assert addresses == 1, "what an agent types is never an address (R13)"


async def test_lists_are_paged_without_gaps_or_repetitions(desk: System) -> None:
    await route(desk.database_url, *(text_message(f"3460000{n:04}", f"n{n}") for n in range(25)))
    number = (await desk.tickets())[0]["number"]
    phone = (await desk.tickets())[0]["contact"]["phone"]
    await route(
        desk.database_url, *(text_message(phone, f"más {n}", at=1_790_000_000) for n in range(7))
    )

    tickets = await pages(desk, "/tickets?limit=10", "tickets")
    messages = await pages(desk, f"/tickets/{number}/messages?limit=3", "messages")

    assert [len(page) for page in tickets] == [10, 10, 5]
    seen = [ticket["number"] for page in tickets for ticket in page]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 25
    assert [len(page) for page in messages] == [3, 3, 3]
    places = [(message["sent_at"], message["id"]) for page in messages for message in page]
    assert places == sorted(places)
    assert len(set(places)) == 9


async def pages(desk: System, path: str, name: str) -> list[list[dict[str, Any]]]:
    found, cursor = [], ""
    while True:
        status, page = await desk.desk("GET", f"{path}{cursor}")
        assert status == 200, page
        found.append(page[name])
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def test_a_search_takes_its_words_literally(desk: System) -> None:
    await open_ticket(desk, "34600000001", "descuento del 100%")
    await open_ticket(desk, "34600000002", "descuento del 1000")

    found = await desk.tickets(q="100%25")

    assert [ticket["contact"]["phone"] for ticket in found] == ["34600000001"]


BAD_REQUESTS: tuple[tuple[str, str, Any, int], ...] = (
    ("GET", "/tickets/2026-999999", None, 404),
    ("GET", "/tickets/%00", None, 404),
    ("GET", "/tickets/%F0%9F%98%80", None, 404),
    ("GET", "/nowhere", None, 404),
    ("DELETE", "/tickets", None, 405),
    ("GET", "/tickets?limit=0", None, 400),
    ("GET", "/tickets?limit=201", None, 400),
    ("GET", "/tickets?limit=x", None, 400),
    ("GET", "/tickets?limit=" + "9" * 5000, None, 400),
    ("GET", "/tickets?limit=0000001005", None, 400),
    ("GET", "/tickets?limit=" + "0" * 8 + "1" + "9" * 5000, None, 400),
    ("GET", "/tickets?limit=%D9%A1", None, 400),
    ("GET", "/tickets?status=gone", None, 400),
    ("GET", "/tickets?channel=fax", None, 400),
    ("GET", "/tickets?unread=perhaps", None, 400),
    ("GET", "/tickets?cursor=x", None, 400),
    ("GET", "/tickets?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk", None, 400),
    ("GET", "/tickets?q=" + "x" * 201, None, 400),
    ("GET", "/tickets?q=%00", None, 400),
    ("GET", "/tickets/{number}/messages?cursor=Mg", None, 400),
    ("POST", "/tickets/2026-999999/close", None, 404),
    ("POST", "/tickets/2026-999999/reopen", None, 404),
    ("POST", "/tickets/2026-999999/read", None, 404),
    ("POST", "/tickets/2026-999999/messages", {"text": "hola"}, 404),
    ("POST", "/tickets/{number}/messages", b"", 400),
    ("POST", "/tickets/{number}/messages", b"{", 400),
    ("POST", "/tickets/{number}/messages", b'{"text": "\xff"}', 400),
    ("POST", "/tickets/{number}/messages", b'{"text": "\\ud800"}', 400),
    ("POST", "/tickets/{number}/messages", b"[" * 100_000, 400),
    ("POST", "/tickets/{number}/messages", [], 400),
    ("POST", "/tickets/{number}/messages", {}, 400),
    ("POST", "/tickets/{number}/messages", {"text": 5}, 400),
    ("POST", "/tickets/{number}/messages", {"text": "x", "more": 1}, 400),
    ("POST", "/tickets/{number}/messages", {"text": " \n"}, 422),
    ("POST", "/tickets/{number}/messages", {"text": "a\x00b"}, 422),
    ("POST", "/tickets/{number}/messages", {"text": "x" * 40_961}, 422),
    ("POST", "/tickets", {"channel": "whatsapp", "contact": {}, "text": "x"}, 400),
    ("POST", "/tickets", {"channel": "phone", "text": "x"}, 400),
    ("POST", "/tickets", {"channel": "phone", "contact": {"name": "A"}, "text": "x"}, 422),
    ("POST", "/tickets", {"channel": "phone", "contact": {"phone": "1"}, "text": ""}, 422),
    ("POST", "/tickets", {"channel": "phone", "contact": {"phone": "\x00"}, "text": "x"}, 422),
    ("POST", "/tickets", {"channel": "email", "contact": {"email": "x" * 201}, "text": "x"}, 422),
)


async def test_every_bad_request_gets_a_problem_and_one_log_line(desk: System) -> None:
    number = await open_ticket(desk)
    headers = {"Authorization": "Bearer test-admin-token"}
    process = desk.of("agent_desk")[0]
    for method, path, body, status in BAD_REQUESTS:
        logged = len(process.events("request.refused"))
        url = desk.desk_url + path.format(number=number)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with desk.http.request(method, url, data=raw, headers=headers) as answer:
            problem = await answer.json(content_type="application/problem+json")
        assert (answer.status, problem["status"]) == (status, status), (method, path, body)
        assert problem.keys() == {"type", "title", "status", "detail"}
        assert "Traceback" not in problem["detail"]
        assert len(process.events("request.refused")) == logged + 1, path
    assert len(await desk.messages(number)) == 2
    assert process.events("request.failed") == []


async def test_without_a_valid_token_everything_is_401(desk: System) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic test-admin-token"},
        {"Authorization": "Bearer test-admin-token-and-more"},
    ):
        async with desk.http.get(f"{desk.desk_url}/tickets", headers=headers) as answer:
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    url = f"http://127.0.0.1:{desk.of('agent_desk')[0].port}/health/live"
    async with desk.http.get(url) as answer:
        assert answer.status == 200


async def test_without_the_database_the_desk_answers_503_and_is_not_ready(
    system: System,
) -> None:
    away = {"DATABASE_URL": "postgresql://127.0.0.1:9/none"}
    process = await system.start("agent_desk", environment=away, wait=False)

    async def answers() -> None:
        status, problem = await system.desk("GET", "/tickets")
        assert (status, problem["status"]) == (503, 503)
        assert (await system.health(process))[0] == 503

    await eventually(answers)
