"""What Meta's side saw and what the desk tells when all has come to rest; nothing is judged yet."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.faults.campaign.gate import Item
from tests.faults.campaign.victim import NOTES
from tests.faults.sending.load import AT_ONCE, Load
from tests.faults.sending.world import Kill, SendingWorld


@dataclass(frozen=True, slots=True)
class Message:
    """A message of ours as the desk shows it at the end."""

    id: int
    phone: str
    text: str
    delivery: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A message that a phone received, in the words of Meta's side; `at` in Unix seconds."""

    wamid: str
    callback_data: str
    text: str
    at: float
    answer_lost: bool
    lost_statuses: tuple[str, ...]

    @property
    def message_id(self) -> int:
        """Give our number of it."""
        return int(self.callback_data.removeprefix("message:"))


@dataclass(frozen=True, slots=True)
class Taking:
    """A sender has taken a message from the outbox, and sends it now; `at` in Unix seconds."""

    at: float
    pid: int
    message_id: int


@dataclass(frozen=True)
class Evidence:
    """Everything that the invariants are about."""

    answered: tuple[int, ...]
    """The ids of what the desk has taken with 202."""
    messages: tuple[Message, ...]
    phones: dict[str, tuple[Receipt, ...]]
    """What each phone received, in the order of its arrival."""
    told: dict[Item, float]
    """When a status was first answered 200, in Unix seconds."""
    takings: tuple[Taking, ...]
    kills: tuple[Kill, ...]
    waiting: int
    """Messages in the outbox at the end."""
    settled: int
    """Unknown sends that a status has settled."""
    resent: int
    """Unknown sends that were queued again."""
    log_lines: dict[str, int]


LINES = ("send.accepted", "send.unknown", "send.lease_over", "send.retry", "send.held_back")


async def collect(world: SendingWorld, load: Load) -> Evidence:
    """Read everything from the simulator, the desk, the gate and the senders' notes."""
    status, outbox = await world.system.desk("GET", "/outbox")
    assert status == 200, outbox
    few = asyncio.Semaphore(AT_ONCE)

    async def read(phone: str) -> tuple[list[Message], tuple[Receipt, ...]]:
        async with few:
            shown = await world.system.messages(load.tickets[phone])
            received = await world.system.phone(phone)
        messages = [
            Message(one["id"], phone, one["text"], one["delivery"])
            for one in shown
            if one["direction"] == "outbound"
        ]
        return messages, tuple(_receipt(one) for one in received)

    read_back = dict(zip(load.phones, await asyncio.gather(*map(read, load.phones)), strict=True))
    return Evidence(
        answered=tuple(load.answered),
        messages=tuple(one for messages, _ in read_back.values() for one in messages),
        phones={phone: receipts for phone, (_, receipts) in read_back.items()},
        told={item: at for item, at in world.gate.first_accepted.items() if item.status},
        takings=_takings(world),
        kills=tuple(world.kills),
        waiting=outbox["waiting"],
        settled=outbox["last_day"]["settled"],
        resent=outbox["last_day"]["resent"],
        log_lines={event: world.count_lines(event) for event in LINES},
    )


def _receipt(shown: dict[str, Any]) -> Receipt:
    return Receipt(
        shown["id"],
        shown["callback_data"],
        shown["text"],
        datetime.fromisoformat(shown["at"]).timestamp(),
        shown["answer_lost"],
        tuple(shown["lost_statuses"]),
    )


def _takings(world: SendingWorld) -> tuple[Taking, ...]:
    lines = (world.folder / NOTES).read_text(encoding="utf-8").splitlines()
    parts = (line.split() for line in lines)
    return tuple(Taking(float(at), int(pid), int(message)) for at, pid, message in parts)
