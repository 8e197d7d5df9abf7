"""A ticket and its end: which deadline holds, and what happens to a message that meets it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal


class Status(StrEnum):
    """What the status column says; from `closes_at` on a closing ticket is closed all the same."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Ticket:
    """The part of a ticket that the rules need."""

    status: Status
    closing_at: datetime | None = None
    """The agent's click."""
    closes_at: datetime | None = None
    """The deadline, a whole second."""
    reopened_from: datetime | None = None
    """The click that a contact's message took back (GRACE_REPLY=reopen), until an agent acts."""
    closing_taken: bool = False
    """Whether the closing message of this closing has been taken for sending (R4)."""


Placement = Literal["joins", "joins_after_closing", "reopens", "opens"]


def is_over(ticket: Ticket, now: datetime) -> bool:
    """Tell whether a ticket is closed, whatever its status column says (R6)."""
    return ticket.status is Status.CLOSED or (
        ticket.closes_at is not None and now >= ticket.closes_at
    )


def can_close(ticket: Ticket, now: datetime) -> bool:
    """Tell whether an agent may close it; closing twice is refused (R4)."""
    return ticket.status is Status.OPEN and not is_over(ticket, now)


def can_reopen(ticket: Ticket, now: datetime) -> bool:
    """Tell whether an agent may still reopen it (R5)."""
    return ticket.status is Status.CLOSING and not is_over(ticket, now)


def deadline_at_click(click: datetime, grace: timedelta) -> datetime:
    """Give the deadline that holds until the closing message is taken for sending (R4)."""
    return whole_second_up(click + 2 * grace)


def deadline_when_taken(taken_at: datetime, grace: timedelta) -> datetime:
    """Give the deadline that counts from the moment the closing message was first taken (R4)."""
    return whole_second_up(taken_at + grace)


def place_message(
    latest: Ticket | None, sent_at: datetime, now: datetime, *, grace_reply_reopens: bool
) -> Placement:
    """Say where a message goes that may open a ticket (R1, R2, R5, R7).

    `latest` is the contact's newest WhatsApp ticket; `sent_at` is WhatsApp's whole second;
    `now` is PostgreSQL's clock, read after the contact was locked. A message stamped at or after
    the deadline ends the ticket even if it is routed a moment before it.
    """
    if latest is None or is_over(latest, now) or is_over(latest, sent_at):
        return "opens"
    click = latest.closing_at or latest.reopened_from
    if click is None or sent_at <= whole_second_down(click):
        return "joins"
    reopens = latest.status is Status.CLOSING and grace_reply_reopens
    return "reopens" if reopens else "joins_after_closing"


def whole_second_down(moment: datetime) -> datetime:
    """Cut the fraction of a second off; WhatsApp's timestamps are whole seconds."""
    return moment.replace(microsecond=0)


def whole_second_up(moment: datetime) -> datetime:
    """Round up to a whole second, so that a deadline and WhatsApp's stamps can be compared."""
    down = whole_second_down(moment)
    return down if down == moment else down + timedelta(seconds=1)
