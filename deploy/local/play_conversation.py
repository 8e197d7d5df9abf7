"""One short conversation, from the opening of a ticket to the one after it, and its transcript.

Every line is read back from the citizen's phone or from the desk; none is printed from what was
sent.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from time import time
from typing import Any, TypeVar

from deploy.local.people import Agent, Citizen
from deploy.local.wait_for_step import wait_for_step

CLOCK = "%H:%M:%S"

ResultT = TypeVar("ResultT")
Json = dict[str, Any]


class Conversation:
    """A citizen and an agent; `must_run` raises where a service has ended meanwhile."""

    def __init__(
        self,
        citizen: Citizen,
        agent: Agent,
        say: Callable[[str], None],
        must_run: Callable[[], None],
    ) -> None:
        self._citizen = citizen
        self._agent = agent
        self._say = say
        self._must_run = must_run
        self._shown: set[str] = set()

    def play(self) -> None:
        """Play it to its end; StepMissingError names the step that did not come."""
        self._write("Buenos días, no puedo firmar mi solicitud.")
        number = self._see_opened()
        self._write("Me dice que el certificado no es válido.")
        self._see_joined(number, 2)
        answer = "Buenos días, le ayudo. ¿Ha renovado el certificado hace poco?"
        self._agent.answer(number, answer)
        self._see_on_phone("the agent's answer", answer)
        self._close(number)
        self._write("Sí, ayer. Muchas gracias.")
        self._see_joined(number, 3)
        self._see_closed(number)
        self._write("Tengo otra pregunta.")
        self._see_opened(after=number)

    def _write(self, text: str) -> None:
        wamid = self._citizen.write(text)

        def look() -> Json | None:
            found = [one for one in self._citizen.messages() if one["id"] == wamid]
            return found[0] if found else None

        message = self._wait("what the citizen writes, on the phone", look)
        self._show_on_phone(f"{self._citizen.name} writes", message)

    def _see_on_phone(self, step: str, part: str) -> None:
        """See the next message that the phone got, once it is one with this part."""

        def look() -> Json | None:
            received = [
                one
                for one in self._citizen.messages()
                if one["direction"] == "outbound" and one["id"] not in self._shown
            ]
            return received[0] if received and part in received[0]["text"] else None

        message = self._wait(f"{step}, on the phone", look)
        self._shown.add(message["id"])
        self._show_on_phone("the desk writes", message)

    def _see_opened(self, after: str | None = None) -> str:
        def look() -> Json | None:
            tickets = self._agent.tickets_of(self._citizen.phone)
            new = [one for one in tickets if one["status"] == "open"]
            return new[0] if new and new[0]["previous_number"] == after else None

        step = "a ticket at the desk" if after is None else f"a new ticket that names {after}"
        ticket = self._wait(step, look)
        number = str(ticket["number"])
        self._see_on_phone("the opening message with the number", number)
        before = f"; the one before was {ticket['previous_number']}" if after else ""
        self._show_at_desk(f"ticket {number} is {ticket['status']}{before}")
        return number

    def _see_joined(self, number: str, count: int) -> None:
        """See that the ticket has so many messages of the contact, and show the last of them."""

        def look() -> list[Json] | None:
            messages = self._agent.messages(number)
            inbound = [one for one in messages if one["direction"] == "inbound"]
            return inbound if len(inbound) == count else None

        inbound = self._wait(f"message {count} of the contact in ticket {number}", look)
        last = inbound[-1]
        mark = ", written after the closing" if last["after_closing"] else ""
        said = f"ticket {number} has {len(inbound)} messages of the contact; the last{mark}: "
        self._show_at_desk(said + last["text"])

    def _close(self, number: str) -> None:
        self._agent.close(number)
        clicked = int(time())
        self._see_on_phone("the closing message", number)
        ticket = self._agent.ticket(number)
        until = _clock(ticket["closes_at"])
        self._show_at_desk(f"ticket {number} is {ticket['status']} until {until}")
        # WhatsApp stamps whole seconds: only a later one shows that the closing came first.
        self._wait("the next second", lambda: time() >= clicked + 1 or None)

    def _see_closed(self, number: str) -> None:
        def look() -> Json | None:
            ticket = self._agent.ticket(number)
            return ticket if ticket["status"] == "closed" and ticket["closed_at"] else None

        ticket = self._wait(f"the end of the grace of ticket {number}", look)
        closed = _clock(ticket["closed_at"])
        self._show_at_desk(f"ticket {number} is {ticket['status']} since {closed}")

    def _wait(self, step: str, look: Callable[[], ResultT | None]) -> ResultT:
        def look_while_all_run() -> ResultT | None:
            self._must_run()
            return look()

        return wait_for_step(step, look_while_all_run)

    def _show_on_phone(self, what: str, message: Json) -> None:
        self._show(_clock(message["at"]), "phone", f"{what}: {message['text'].strip()}")

    def _show_at_desk(self, line: str) -> None:
        self._show(datetime.now(UTC).strftime(CLOCK), "desk", line)

    def _show(self, clock: str, place: str, line: str) -> None:
        self._say(f"  {clock}  {place:<5}  {line}")


def _clock(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime(CLOCK)
