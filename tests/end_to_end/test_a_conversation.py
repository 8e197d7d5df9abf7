"""The public notice, lived through by a citizen and an agent, on the real processes."""

from tests.eventually import eventually
from tests.system import System

PHONE = "34600111222"


async def test_a_conversation_from_the_opening_to_a_new_ticket(system: System) -> None:
    system.environment["GRACE_PERIOD_SECONDS"] = "2"
    await system.start_all()

    await system.write(PHONE, "No puedo firmar", name="Ana")

    async def opened() -> str:
        texts = [message["text"] for message in await system.phone(PHONE)]
        (ticket,) = await system.tickets()
        assert len(texts) == 1
        assert ticket["number"] in texts[0]
        return str(ticket["number"])

    number = await eventually(opened)
    await system.write(PHONE, "Con el certificado nuevo")
    status, _ = await system.desk("POST", f"/tickets/{number}/messages", {"text": "Le ayudo"})
    assert status == 202

    async def answered() -> None:
        assert [m["text"] for m in await system.phone(PHONE)][1:] == ["Le ayudo"]
        texts = [m["text"] for m in await system.messages(number) if m["direction"] == "inbound"]
        assert texts == ["No puedo firmar", "Con el certificado nuevo"]

    await eventually(answered)
    status, ticket = await system.desk("POST", f"/tickets/{number}/close")
    assert (status, ticket["status"]) == (200, "closing")
    await system.write(PHONE, "Gracias")

    async def closed() -> None:
        _, ticket = await system.desk("GET", f"/tickets/{number}")
        assert ticket["status"] == "closed"
        assert ticket["closed_at"] == ticket["closes_at"]
        assert number in (await system.phone(PHONE))[2]["text"]

    await eventually(closed)
    await system.write(PHONE, "Otra cosa")

    async def reopened() -> None:
        newest, oldest = await system.tickets()
        assert oldest["number"] == number
        assert newest["previous_number"] == number
        assert newest["number"] in (await system.phone(PHONE))[3]["text"]

    await eventually(reopened)
    texts = [m["text"] for m in await system.messages(number) if m["direction"] == "inbound"]
    assert texts == ["No puedo firmar", "Con el certificado nuevo", "Gracias"]
    assert_traced(system)


def assert_traced(system: System) -> None:
    """The trace of a webhook is carried through RabbitMQ to whoever handles its events."""
    accepted = {line["trace_id"] for line in system.events("webhook.accepted")}
    handled = system.events("item.recorded")
    assert handled
    assert {line["trace_id"] for line in handled} <= accepted
    assert all(line["trace_id"] in accepted for line in system.events("ticket.opened"))
