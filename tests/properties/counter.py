"""A counter as the state machine of a ticket's life sees it, however it is built."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

GRACE = timedelta(seconds=4)

Answer = Literal["accepted", "retry", "lost"]


@dataclass(frozen=True)
class Written:
    """Something that a contact sent, as the webhook of one arrival tells it."""

    contact: str
    wamid: str
    timestamp: str
    received_at: datetime
    message_type: str = "text"
    in_group: bool = False


@dataclass(frozen=True)
class SeenTicket:
    """A ticket as it stands in the rows."""

    id: int
    status: str
    closing_at: datetime | None
    closing_message: int | None
    closes_at: datetime | None
    closed_at: datetime | None
    previous: int | None
    unread: int
    inbound: dict[str, bool]
    """By wamid, whether it is marked `after_closing`."""
    outbound: tuple[str, ...]
    """What was or will be said in it, in order: `opening`, `closing`, `reopened`."""


@dataclass(frozen=True)
class TakenMessage:
    """A message that a sender took."""

    id: int
    contact: str
    purpose: str


class Counter(Protocol):
    """What can happen at a counter; its clock stands still unless it is moved."""

    now: datetime

    def begin(self, *, grace_reply_reopens: bool) -> None:
        """Start empty."""

    def set_clock(self, now: datetime) -> None: ...

    def receive(self, batch: list[Written], *, redelivered: bool = False) -> None:
        """Route a batch; `redelivered`: by RabbitMQ, else Meta brought it (again)."""

    def close(self, contact: str) -> bool:
        """Have an agent close the newest ticket; tell whether that was allowed."""
        ...

    def reopen(self, contact: str) -> bool: ...

    def mark_read(self, contact: str) -> None: ...

    def close_due(self) -> None:
        """Have the scheduler meet what is due."""

    def take(self) -> list[TakenMessage]: ...

    def answer(self, answer: Answer) -> None:
        """Have WhatsApp answer everything that is being sent."""

    def resend_lost(self) -> None: ...

    def tell_status(self, status: str) -> None:
        """Have WhatsApp tell a status of every message that it accepted."""

    def tickets(self, contact: str) -> list[SeenTicket]:
        """Give the contact's tickets, oldest first."""
        ...
