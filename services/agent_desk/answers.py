"""What the API answers with, as types: the JSON and the OpenAPI document are both made of them."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from shared.domain.kinds import Kind

Channel = Literal["whatsapp", "phone", "email"]
Status = Literal["open", "closing", "closed"]
Delivery = Literal["pending", "sent", "delivered", "read", "failed", "unknown", "undeliverable"]
AttachmentState = Literal["pending", "accepted", "refused", "unavailable"]
Reason = Literal[
    "format", "damaged", "too_large", "malware", "expired", "not_found", "unreachable"
]  # fmt: skip

# Says `date-time` in the document.
Time = Annotated[datetime, msgspec.Meta(tz=True)]


def _said(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class Contact(msgspec.Struct, frozen=True):
    """A citizen, whatever addresses they are known by."""

    id: int
    name: Annotated[str | None, _said("As WhatsApp shows it, or as an agent typed it.")]
    phone: Annotated[str | None, _said("Digits where WhatsApp told it; else what was typed.")]
    email: Annotated[str | None, _said("What an agent typed.")]
    user_id: Annotated[str | None, _said("WhatsApp's business-scoped user id.")]
    username: str | None


class Ticket(msgspec.Struct, frozen=True):
    """A conversation with a number, from its opening to its end."""

    number: Annotated[str, _said("The ticket's id in URLs, such as 2026-000123.")]
    channel: Channel
    status: Status
    contact: Contact
    opened_at: Time
    closes_at: Annotated[Time | None, _said("The end of the grace after a closing.")]
    closed_at: Time | None
    assigned_to: Annotated[str | None, _said("The agent who has it.")]
    previous_number: Annotated[str | None, _said("The contact's ticket before this one.")]
    unread: Annotated[int, _said("How many of the contact's messages nobody has seen.")]
    window_closes_at: Annotated[
        Time | None,
        _said("Until when WhatsApp takes free text; null on other channels."),
    ]


class Attachment(msgspec.Struct, frozen=True):
    """A file that a contact or an agent sent."""

    id: int
    filename: Annotated[
        str | None, _said("As the contact named it, not to be trusted; an agent's is cleaned.")
    ]
    declared_type: Annotated[str | None, _said("As the sender's phone called it; not proved.")]
    format: Annotated[str | None, _said("The format that the bytes were proved to be.")]
    size: Annotated[int | None, _said("In bytes.")]
    state: Annotated[AttachmentState, _said("Only an accepted file can be downloaded.")]
    reason: Annotated[Reason | None, _said("Why it was refused or is unavailable.")]
    deleted_at: Annotated[
        Time | None,
        _said("When the bytes of an accepted file were deleted, because its ticket is long over."),
    ] = None


class Earlier(msgspec.Struct, frozen=True):
    """What a message said before its contact changed or deleted it."""

    text: str | None
    until: Time


class Message(msgspec.Struct, frozen=True):
    """What a contact, an agent or the system wrote."""

    id: int
    direction: Literal["inbound", "outbound"]
    author: Annotated[str, _said("`contact`, `system`, or the name of an agent.")]
    kind: Kind
    text: str | None
    forwarded: Literal["once", "often"] | None
    is_reply: Annotated[bool, _said("The contact answered to an earlier message.")]
    after_closing: Annotated[bool, _said("Sent after an agent closed the ticket.")]
    sent_at: Annotated[Time, _said("By WhatsApp's clock; outbound: when it was queued.")]
    received_at: Time
    delivery: Annotated[
        Delivery | None, _said("Null where nothing is delivered: inbound, other channels.")
    ]
    attachments: list[Attachment]
    resends: Annotated[
        int,
        _said(
            "How often it was sent again because nobody knew whether it had gone: the contact may "
            "have it so many times more."
        ),
    ] = 0
    reaction: Annotated[str | None, _said("The contact's reaction to it, an emoji.")] = None
    edited_at: Annotated[Time | None, _said("When the contact last changed it.")] = None
    revoked_at: Annotated[
        Time | None, _said("When the contact deleted it; its text is in `history`.")
    ] = None
    history: Annotated[list[Earlier], _said("What it said before, the oldest first.")] = []


class TicketPage(msgspec.Struct, frozen=True):
    """Tickets, the newest first."""

    tickets: list[Ticket]
    next_cursor: Annotated[str | None, _said("For the next page; null on the last one.")]


class MessagePage(msgspec.Struct, frozen=True):
    """Messages, the oldest first: by the whole second of `sent_at`, then by id."""

    messages: list[Message]
    next_cursor: Annotated[str | None, _said("For the next page; null on the last one.")]


class LastDay(msgspec.Struct, frozen=True):
    """What became, in the last 24 hours, of messages of which nobody knew whether they had gone."""

    settled: Annotated[int, _said("A status told that WhatsApp has them.")]
    resent: Annotated[int, _said("No status came, and they were sent again.")]


class Outbox(msgspec.Struct, frozen=True):
    """How the channel to WhatsApp is, and what waits to be sent."""

    state: Annotated[
        Literal["open", "slowed", "stopped"],
        _said(
            "`slowed`: WhatsApp says that the number sends too fast. `stopped`: WhatsApp refuses "
            "the number, and a person must act; what is written waits."
        ),
    ]
    since: Annotated[Time | None, _said("Null while it is open.")]
    code: Annotated[
        int | None, _said("WhatsApp's code; null where the answer was not WhatsApp's own.")
    ]
    next_attempt_at: Annotated[Time | None, _said("When a stopped channel is tried next.")]
    waiting: Annotated[int, _said("Messages that are still to be sent.")]
    oldest_waiting_at: Annotated[Time | None, _said("When the oldest of them was written.")]
    unknown: Annotated[int, _said("Messages of which nobody knows whether they have gone.")]
    last_day: LastDay


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """The data of an event of the stream: what to fetch again, and never its words."""

    ticket: Annotated[str, _said("The ticket's number.")]
    id: Annotated[
        int | msgspec.UnsetType, _said("The message or the attachment; absent for a ticket.")
    ] = msgspec.UNSET
    delivery: Annotated[Delivery | msgspec.UnsetType, _said("With `delivery`: its state now.")] = (
        msgspec.UNSET
    )
    state: Annotated[
        AttachmentState | msgspec.UnsetType, _said("With `attachment`: its state now.")
    ] = msgspec.UNSET
    message_id: Annotated[
        int | msgspec.UnsetType, _said("With `attachment`: the message that brought it.")
    ] = msgspec.UNSET


class ProblemDetails(msgspec.Struct, frozen=True):
    """Why a request was not done (RFC 9457)."""

    title: Annotated[str, _said("The status in words.")]
    status: Annotated[int, msgspec.Meta(ge=400, le=599)]
    detail: Annotated[str, _said("What was wrong with this request.")]
    type: str = "about:blank"
