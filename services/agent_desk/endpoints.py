"""Every endpoint of the API, as data: its route and its part of the OpenAPI document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPMethod

import msgspec
from aiohttp.typedefs import Handler

from services.agent_desk import examples
from services.agent_desk.answer_contact import LONGEST_ANSWER, answer_contact
from services.agent_desk.close_ticket import close_ticket
from services.agent_desk.download_attachment import download_attachment
from services.agent_desk.get_document import get_document
from services.agent_desk.get_outbox import get_outbox
from services.agent_desk.get_ticket import get_ticket
from services.agent_desk.list_messages import list_messages
from services.agent_desk.list_tickets import list_tickets
from services.agent_desk.mark_read import mark_read
from services.agent_desk.read_form import MOST_FILES
from services.agent_desk.register_ticket import register_ticket
from services.agent_desk.reopen_ticket import reopen_ticket
from services.agent_desk.stream_events import stream_events
from shared.whatsapp.sendable import IN_WORDS


@dataclass(frozen=True, slots=True)
class Reply:
    """What an endpoint answers when all is well."""

    meaning: str
    example: msgspec.Struct | None = None
    """Its type is the schema of the JSON; None: `media_type` holds no struct."""
    status: int = 200
    media_type: str = "application/json"
    headers: tuple[str, ...] = ()
    """Names of entries of the document's headers."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One route; it needs a token unless it is public."""

    method: HTTPMethod
    path: str
    handler: Handler
    summary: str
    reply: Reply
    parameters: tuple[str, ...] = ()
    """Names of entries of the document's parameters."""
    body: msgspec.Struct | None = None
    """An example; its type is the schema."""
    form: Mapping[str, object] | None = None
    """The schema of the form that may come instead of JSON."""
    problems: Mapping[int, str] = field(default_factory=dict)
    """What its own problems mean, by status; those that every endpoint can have come besides."""
    public: bool = False


_GET, _POST = HTTPMethod.GET, HTTPMethod.POST
_NO_TICKET = {404: "There is no ticket with this number."}
_WRONG_PARAMETER = {400: "A parameter is wrong."}
_WRONG_BODY = {400: "The body is no JSON of this form.", 413: "The body is larger than 1 MiB."}
_TICKET = Reply("The ticket, as it is now.", examples.TICKET)
_ATTACHMENT = Reply(
    "The bytes, in the media type of the proved format.",
    media_type="*/*",
    headers=(
        "Content-Length",
        "Content-Disposition",
        "X-Content-Type-Options",
        "Content-Security-Policy",
        "Cache-Control",
        "Cross-Origin-Resource-Policy",
    ),
)
_NO_ATTACHMENT = {
    404: "There is no accepted attachment with this id.",
    410: "Its bytes were deleted, because its ticket is long over.",
}

STREAM = """\
The stream says what to fetch again, never its words. Events: `message` (new, or its text changed),
`ticket` (load its messages anew too: one that was not yet sent may be withdrawn), `attachment` (its
state changed) and `delivery`. The data of each is a `Change` as JSON. Open the stream, then load.
A client that comes back with the id of the last event it saw gets what it missed; where that is
more than a day ago or unreadable, the event `reset` comes first, and the client must load anew.
Without an id the stream begins now. Lines that begin with a colon keep the connection alive."""

FORM: Mapping[str, object] = {
    "type": "object",
    "description": "Files, and words for them. Each file becomes a message. The words of a single "
    f"file are its caption where they fit; else they are sent before the files. WhatsApp takes "
    f"{IN_WORDS}; the content decides, and not the name.",
    "properties": {
        "text": {"type": "string", "minLength": 1, "maxLength": LONGEST_ANSWER},
        "file": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_FILES,
            "items": {"type": "string", "format": "binary"},
        },
    },
    "additionalProperties": False,
}

ENDPOINTS = (
    Endpoint(
        _GET, "/tickets", list_tickets, "List tickets, the newest first",
        Reply("A page.", examples.TICKET_PAGE),
        parameters=("status", "channel", "unread", "q", "limit", "cursor"),
        problems=_WRONG_PARAMETER,
    ),
    Endpoint(
        _POST, "/tickets", register_ticket, "Register a ticket that came by telephone or e-mail",
        Reply("The new ticket.", examples.TICKET, status=201),
        body=examples.REGISTRATION,
        problems={**_WRONG_BODY, 422: "The text or the contact is not usable."},
    ),
    Endpoint(
        _GET, "/tickets/{number}", get_ticket, "Get a ticket", _TICKET,
        parameters=("number",), problems=_NO_TICKET,
    ),
    Endpoint(
        _POST, "/tickets/{number}/read", mark_read, "Mark a ticket's messages as seen", _TICKET,
        parameters=("number",), problems=_NO_TICKET,
    ),
    Endpoint(
        _GET, "/tickets/{number}/messages", list_messages, "List messages, the oldest first",
        Reply("A page.", examples.MESSAGE_PAGE),
        parameters=("number", "limit", "cursor"), problems={**_WRONG_PARAMETER, **_NO_TICKET},
    ),
    Endpoint(
        _POST, "/tickets/{number}/messages", answer_contact, "Answer the contact",
        Reply("The first message; all of them will be sent.", examples.ANSWERED, status=202),
        parameters=("number",), body=examples.ANSWER, form=FORM,
        problems={
            **_NO_TICKET,
            400: "The body is no JSON and no form of this kind.",
            408: "The form came too slowly.",
            409: "The ticket is closed.",
            413: "The JSON is larger than 1 MiB, the form than 200 MiB, or a file than WhatsApp "
                 "takes of its kind.",
            422: "The text is not usable, a file is nothing that WhatsApp takes, the contact last "
                 "wrote more than 24 hours ago, or files are for a ticket of another channel.",
        },
    ),
    Endpoint(
        _POST, "/tickets/{number}/close", close_ticket, "Close a ticket", _TICKET,
        parameters=("number",), problems={**_NO_TICKET, 409: "It is closing or closed already."},
    ),
    Endpoint(
        _POST, "/tickets/{number}/reopen", reopen_ticket, "Take a closing back", _TICKET,
        parameters=("number",), problems={**_NO_TICKET, 409: "It is open, or closed for good."},
    ),
    Endpoint(
        _GET, "/attachments/{id}", download_attachment, "Download an accepted file", _ATTACHMENT,
        parameters=("id",), problems=_NO_ATTACHMENT,
    ),
    Endpoint(
        _GET, "/outbox", get_outbox, "See whether WhatsApp takes what is written",
        Reply("How the channel is, and what waits.", examples.OUTBOX),
    ),
    Endpoint(
        _GET, "/events", stream_events, "Follow what changes",
        Reply(STREAM, media_type="text/event-stream"),
        parameters=("Last-Event-ID", "last_event_id"),
    ),
    Endpoint(
        _GET, "/openapi.json", get_document, "Get this document",
        Reply("An OpenAPI 3.1 document."), public=True,
    ),
)  # fmt: skip
