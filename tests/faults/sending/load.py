"""What is to be sent: each contact's opening message, and one burst of an agent's answers."""

import asyncio
from dataclasses import dataclass, field
from time import monotonic

from tests.eventually import eventually
from tests.system import System

AT_ONCE = 20
"""So many people do something at the same time."""


@dataclass
class Load:
    """So many contacts get so many messages each, so many contacts a second."""

    system: System
    contacts: int
    messages: int
    contacts_per_second: float
    tickets: dict[str, str] = field(default_factory=dict)
    """The ticket of each telephone number."""
    answered: list[int] = field(default_factory=list)
    """The ids of the answers that the desk has taken."""

    @property
    def phones(self) -> list[str]:
        """Give the contacts' telephone numbers."""
        return [f"34622{number:06d}" for number in range(self.contacts)]

    async def open_tickets(self) -> None:
        """Have every contact write once; return when each has a ticket."""
        few = asyncio.Semaphore(AT_ONCE)

        async def write(phone: str) -> None:
            async with few:
                await self.system.write(phone, "Hola")

        await asyncio.gather(*(write(phone) for phone in self.phones))

        async def all_are_open() -> None:
            tickets = await self.system.tickets()
            self.tickets = {ticket["contact"]["phone"]: ticket["number"] for ticket in tickets}
            assert self.tickets.keys() == set(self.phones), len(tickets)

        await eventually(all_are_open, every=0.3)

    async def answer(self) -> None:
        """Have an agent answer each contact, all but the opening message in one burst."""
        began = monotonic()

        async def answer_one(place: int, phone: str) -> None:
            await asyncio.sleep(max(0.0, began + place / self.contacts_per_second - monotonic()))
            for number in range(1, self.messages):
                path = f"/tickets/{self.tickets[phone]}/messages"
                status, answer = await self.system.desk("POST", path, {"text": f"Paso {number}"})
                assert status == 202, answer
                self.answered.append(answer["id"])

        await asyncio.gather(*(answer_one(*one) for one in enumerate(self.phones)))
