"""Tickets, messages and files as the API shows them."""

from collections.abc import Iterable
from datetime import datetime

import asyncpg
import msgspec
from aiohttp import web

from services.agent_desk.answers import Attachment, Contact, Earlier, Message, Ticket
from shared.domain.window import window_end


def json_answer(value: msgspec.Struct, status: int = 200) -> web.Response:
    """Answer with JSON; times become RFC 3339 in UTC."""
    return web.Response(
        body=msgspec.json.encode(value), status=status, content_type="application/json"
    )


def window_closes_at(ticket: asyncpg.Record) -> datetime | None:
    """Give the end of the time in which free text can be sent; None for other channels."""
    return window_end(ticket["last_inbound_at"]) if ticket["channel"] == "whatsapp" else None


def show_ticket(row: asyncpg.Record) -> Ticket:
    """Give a ticket (`TICKET_COLUMNS`) as the API shows it."""
    return Ticket(
        number=row["number"],
        channel=row["channel"],
        status=row["status"],
        contact=Contact(
            id=row["contact_id"],
            name=row["profile_name"],
            phone=row["phone"] or row["typed_phone"],
            email=row["typed_email"],
            user_id=row["user_id"],
            username=row["username"],
        ),
        opened_at=row["opened_at"],
        closes_at=row["closes_at"],
        closed_at=row["closed_at"],
        assigned_to=row["assigned_to"],
        previous_number=row["previous_number"],
        unread=row["unread"],
        window_closes_at=window_closes_at(row),
    )


def show_message(
    row: asyncpg.Record,
    attachments: Iterable[asyncpg.Record] = (),
    changes: Iterable[asyncpg.Record] = (),
) -> Message:
    """Give a row of `messages` as the API shows it, with its files and its edits and revocations.

    `changes` are rows of `message_marks` in the order of their times.
    """
    return Message(
        id=row["id"],
        direction=row["direction"],
        author=row["author"],
        kind=row["kind"],
        text=row["text"],
        forwarded=row["forwarded"],
        is_reply=row["is_reply"],
        after_closing=row["after_closing"],
        sent_at=row["sent_at"],
        received_at=row["received_at"],
        delivery=row["delivery"],
        attachments=[_show_attachment(one) for one in attachments],
        resends=row["resends"],
        reaction=row["reaction"],
        edited_at=row["edited_at"],
        revoked_at=row["revoked_at"],
        history=_history(row["original_text"], changes),
    )


def _history(original: str | None, changes: Iterable[asyncpg.Record]) -> list[Earlier]:
    """Give what stood there before each change; after a revocation nothing more is told."""
    history: list[Earlier] = []
    text = original
    for change in changes:
        history.append(Earlier(text, change["sent_at"]))
        if change["kind"] == "revoke":
            break
        text = change["value"]
    return history


def _show_attachment(row: asyncpg.Record) -> Attachment:
    return Attachment(
        id=row["id"],
        filename=row["filename"],
        declared_type=row["declared_type"],
        format=row["format"],
        size=row["size"],
        state=row["state"],
        reason=row["reason"],
        deleted_at=row["bytes_deleted_at"],
    )
