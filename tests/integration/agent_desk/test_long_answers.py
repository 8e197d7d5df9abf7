"""An answer that is longer than a message of WhatsApp."""

import pytest

from tests.eventually import eventually
from tests.integration.agent_desk.files import open_ticket
from tests.system import System

PHONE = "34600111222"
PARAGRAPH = "Para renovar el carné hace falta una fotografía reciente. 📎\n" * 30


async def test_a_long_answer_is_several_messages_in_order(desk: System) -> None:
    number = await open_ticket(desk, PHONE)
    text = "\n".join(f"{place}. {PARAGRAPH}" for place in range(6))

    status, first = await desk.desk("POST", f"/tickets/{number}/messages", {"text": text})

    assert status == 202
    parts = [one for one in await desk.messages(number) if one["author"] == "admin"]
    assert [one["id"] for one in parts] == sorted(one["id"] for one in parts)
    assert first["id"] == parts[0]["id"]
    assert len(parts) == 3
    assert all(len(one["text"].encode("utf-16-le")) // 2 <= 4096 for one in parts)
    assert "\n\n".join(one["text"] for one in parts) == text.strip()
    assert {one["delivery"] for one in parts} == {"pending"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x" * 40_961, "longer than 40960 characters"),
        ("🙂" * 20_481, "does not fit into 10 messages"),
    ],
)
async def test_what_is_too_long_for_ten_messages_is_422(
    desk: System, text: str, words: str
) -> None:
    number = await open_ticket(desk, PHONE)

    status, problem = await desk.desk("POST", f"/tickets/{number}/messages", {"text": text})

    assert status == 422
    assert words in problem["detail"]
    assert all(one["author"] != "admin" for one in await desk.messages(number))


async def test_a_long_note_stays_in_one_piece(desk: System) -> None:
    """Nothing of it is sent, so nothing of WhatsApp bounds it."""
    body = {"channel": "email", "contact": {"email": "a@example.org"}, "text": "Escribió"}
    _, ticket = await desk.desk("POST", "/tickets", body)
    text = "Una nota. " * 1000

    status, note = await desk.desk("POST", f"/tickets/{ticket['number']}/messages", {"text": text})

    assert (status, note["kind"], note["text"]) == (202, "note", text)


async def test_a_long_answer_reaches_the_phone_in_order(system: System) -> None:
    await system.start_all(ticket_router=0, status_tracker=0, media_validator=0)
    number = await open_ticket(system, PHONE)
    text = " ".join(f"palabra{place}" for place in range(2000))

    await system.desk("POST", f"/tickets/{number}/messages", {"text": text})

    async def arrived() -> None:
        texts = [message["text"] for message in await system.phone(PHONE)][1:]
        assert " ".join(texts) == text

    await eventually(arrived)
