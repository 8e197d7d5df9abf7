"""Where the messages of one contact go, in one go: which ticket ends, reopens, opens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from shared.domain.ticket import Status, Ticket, place_message

MessageT = TypeVar("MessageT")


@dataclass(frozen=True, slots=True)
class Placed(Generic[MessageT]):
    """A message and its place: the ticket there was (`in_new` false) or the one that opens."""

    message: MessageT
    in_new: bool
    after_closing: bool


@dataclass(frozen=True, slots=True)
class Plan(Generic[MessageT]):
    """What becomes of a contact's newest ticket, and where each message goes."""

    closes: bool
    reopens: bool
    opens: bool
    placed: tuple[Placed[MessageT], ...]


def plan_messages(
    latest: Ticket | None,
    messages: Sequence[tuple[datetime, MessageT]],
    now: datetime,
    *,
    grace_reply_reopens: bool,
) -> Plan[MessageT]:
    """Place messages, each with WhatsApp's second, by their time and not by their arrival (R15).

    `latest` is the contact's newest WhatsApp ticket, closed or not; `now` is PostgreSQL's clock
    after the contact was locked.
    """
    current = latest
    closes = reopens = opens = False
    placed: list[Placed[MessageT]] = []
    for sent_at, message in sorted(messages, key=lambda one: one[0]):
        where = place_message(current, sent_at, now, grace_reply_reopens=grace_reply_reopens)
        if where == "opens":
            closes = current is not None and current.status is Status.CLOSING
            opens = True
            current = Ticket(Status.OPEN)
        elif where == "reopens" and current is not None:
            reopens = True
            # The next message after the click is marked like this one, whichever came first.
            current = Ticket(Status.OPEN, reopened_from=current.closing_at)
        placed.append(
            Placed(message, opens, after_closing=where in {"joins_after_closing", "reopens"})
        )
    return Plan(closes, reopens, opens, tuple(placed))
