"""One short conversation, from the opening of a ticket to the one after it."""

from time import time
from typing import Any

from deploy.local.play_files import play_files
from deploy.local.transcript import Transcript, clock

Json = dict[str, Any]


def play_conversation(transcript: Transcript) -> None:
    """Play it to its end; StepMissingError names the step that did not come."""
    citizen, agent = transcript.citizen, transcript.agent
    _write(transcript, "Buenos días, no puedo firmar mi solicitud.")
    number = _see_opened(transcript)
    _write(transcript, "Me dice que el certificado no es válido.")
    _see_joined(transcript, number, 2)
    answer = "Buenos días, le ayudo. ¿Puede enviarme el error?"
    agent.answer(number, answer)
    transcript.see_on_phone("the agent's answer", answer)
    play_files(transcript, number)
    _see_ticks(transcript, number, "delivered")
    citizen.read()
    _see_ticks(transcript, number, "read")
    _close(transcript, number)
    _write(transcript, "Muchas gracias.")
    _see_joined(transcript, number, 7)
    _see_closed(transcript, number)
    _write(transcript, "Tengo otra pregunta.")
    _see_opened(transcript, after=number)


def _write(transcript: Transcript, text: str) -> None:
    transcript.see_written(transcript.citizen.write(text))


def _see_opened(transcript: Transcript, after: str | None = None) -> str:
    def look() -> Json | None:
        tickets = transcript.agent.tickets_of(transcript.citizen.phone)
        new = [one for one in tickets if one["status"] == "open"]
        return new[0] if new and new[0]["previous_number"] == after else None

    step = "a ticket at the desk" if after is None else f"a new ticket that names {after}"
    ticket = transcript.wait(step, look)
    number = str(ticket["number"])
    transcript.see_on_phone("the opening message with the number", number)
    before = f"; the one before was {ticket['previous_number']}" if after else ""
    transcript.show_at_desk(f"ticket {number} is {ticket['status']}{before}")
    return number


def _see_joined(transcript: Transcript, number: str, count: int) -> None:
    """See that the ticket has so many messages of the contact, and show the last of them."""

    def look() -> list[Json] | None:
        messages = transcript.agent.messages(number)
        inbound = [one for one in messages if one["direction"] == "inbound"]
        return inbound if len(inbound) == count else None

    inbound = transcript.wait(f"message {count} of the contact in ticket {number}", look)
    last = inbound[-1]
    mark = ", written after the closing" if last["after_closing"] else ""
    said = f"ticket {number} has {len(inbound)} messages of the contact; the last{mark}: "
    transcript.show_at_desk(said + last["text"])


def _see_ticks(transcript: Transcript, number: str, tick: str) -> None:
    """See that all that the desk sent has come so far."""

    def look() -> list[str] | None:
        messages = transcript.agent.messages(number)
        ticks = [one["delivery"] for one in messages if one["direction"] == "outbound"]
        return ticks if ticks and set(ticks) == {tick} else None

    ticks = transcript.wait(f"{tick}: the ticks of what the desk sent", look)
    transcript.show_at_desk(f"what the desk sent in ticket {number}: {', '.join(ticks)}")


def _close(transcript: Transcript, number: str) -> None:
    transcript.agent.close(number)
    clicked = int(time())
    transcript.see_on_phone("the closing message", number)
    ticket = transcript.agent.ticket(number)
    until = clock(ticket["closes_at"])
    transcript.show_at_desk(f"ticket {number} is {ticket['status']} until {until}")
    # WhatsApp stamps whole seconds: only a later one shows that the closing came first.
    transcript.wait("the next second", lambda: time() >= clicked + 1 or None)


def _see_closed(transcript: Transcript, number: str) -> None:
    def look() -> Json | None:
        ticket = transcript.agent.ticket(number)
        return ticket if ticket["status"] == "closed" and ticket["closed_at"] else None

    ticket = transcript.wait(f"the end of the grace of ticket {number}", look)
    closed = clock(ticket["closed_at"])
    transcript.show_at_desk(f"ticket {number} is {ticket['status']} since {closed}")
