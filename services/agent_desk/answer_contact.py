"""`POST /tickets/{number}/messages`: an agent writes to the contact, with files or without."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from aiohttp import web

from services.agent_desk.desk import AGENT, DESK
from services.agent_desk.find_ticket import LockedTicket, lock_ticket
from services.agent_desk.keep_files import drop_files, judge_files, keep_files
from services.agent_desk.list_messages import LIST_ATTACHMENTS
from services.agent_desk.problems import Problem
from services.agent_desk.read_form import read_form
from services.agent_desk.read_request import check_text, read_body, text_of
from services.agent_desk.show import json_answer, show_message, window_closes_at
from shared.database.transaction import Transaction, transaction
from shared.domain.plan_answer import plan_answer
from shared.domain.ticket import is_over
from shared.texts import LONGEST_TEXT
from shared.tickets.queue_files import OutgoingFile, queue_answer
from shared.tickets.queue_message import Outgoing, write_note
from shared.whatsapp.sendable import BY_FORMAT, LONGEST_CAPTION

# A minute of what WhatsApp lets through to one contact (one message in six seconds).
MOST_TEXTS = 10
LONGEST_ANSWER = MOST_TEXTS * LONGEST_TEXT

FIND_MESSAGE = "SELECT * FROM messages WHERE id = $1"

# Whoever answers first has the ticket, until somebody assigns it otherwise.
ASSIGN = """
UPDATE tickets SET assigned_to = coalesce(assigned_to, $2), reopened_from = NULL
WHERE id = $1 AND (assigned_to IS NULL OR reopened_from IS NOT NULL)
"""


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """The body: what the agent writes."""

    text: Annotated[
        str,
        text_of(
            LONGEST_ANSWER,
            "Something besides spaces, and no NUL. What is longer than one message of WhatsApp "
            f"({LONGEST_TEXT} UTF-16 units) is sent as several, up to {MOST_TEXTS}.",
        ),
    ]


async def answer_contact(request: web.Request) -> web.Response:
    """Answer 202 with the first message; 409 when the ticket is closed, 422 after the window."""
    if request.content_type == "multipart/form-data":
        return await _answer_with_form(request)
    text = check_text((await read_body(request, Answer)).text, LONGEST_ANSWER)
    return await _answer(request, text)


async def _answer_with_form(request: web.Request) -> web.Response:
    """Read and judge the files before anything is written, and keep them before it is told."""
    desk = request.app[DESK]
    # Nobody uploads for minutes only to hear this. It is asked again when the answer is written.
    async with transaction(desk.pool) as tx:
        _check(await lock_ticket(tx, request.match_info["number"]), is_form=True)
    async with desk.forms, read_form(request, LONGEST_ANSWER) as form:
        text = check_text(form.text, LONGEST_ANSWER) if form.text is not None else None
        if text is None and not form.files:
            raise Problem(422, "The form has neither a `text` nor a `file`.")
        judged = await judge_files(desk.proofs, form.files)
        kept = await keep_files(desk.pool, desk.store, judged)
        try:
            return await _answer(request, text, kept, is_form=True)
        except Problem:
            # It was certainly not written. After any other failure it may have been, and the
            # scheduler finds out.
            await drop_files(desk.store, kept)
            raise


async def _answer(
    request: web.Request,
    text: str | None,
    files: Sequence[OutgoingFile] = (),
    *,
    is_form: bool = False,
) -> web.Response:
    agent = request[AGENT]
    async with transaction(request.app[DESK].pool) as tx:
        ticket = await lock_ticket(tx, request.match_info["number"])
        _check(ticket, is_form=is_form)
        message_id = await _write(tx, ticket, agent, text, files)
        await tx.connection.execute(ASSIGN, ticket.row["id"], agent)
        (message,) = await tx.connection.fetch(FIND_MESSAGE, message_id)
        attachments = await tx.connection.fetch(LIST_ATTACHMENTS, [message_id])
    return json_answer(show_message(message, attachments), 202)


def _check(ticket: LockedTicket, *, is_form: bool) -> None:
    if is_over(ticket.state, ticket.now):
        raise Problem(409, "The ticket is closed.")
    if ticket.row["channel"] != "whatsapp":
        if is_form:
            raise Problem(422, "Nothing is sent to this ticket's contact: a note is text in JSON.")
        return
    closes_at = window_closes_at(ticket.row)
    if closes_at is None or ticket.now >= closes_at:
        raise Problem(422, "The contact last wrote more than 24 hours ago; WhatsApp takes no text.")


async def _write(
    tx: Transaction,
    ticket: LockedTicket,
    agent: str,
    text: str | None,
    files: Sequence[OutgoingFile],
) -> int:
    """Give the id of the first message; a note is sent to nobody and stays in one piece."""
    ticket_id, contact_id = ticket.row["id"], ticket.row["contact_id"]
    if ticket.row["channel"] != "whatsapp":
        return await write_note(tx, Outgoing(ticket_id, contact_id, agent, text), ticket.now)
    sendable = [BY_FORMAT[one.format] for one in files]
    captions = [one.takes_caption for one in sendable]
    plan = plan_answer(text, captions, LONGEST_TEXT, LONGEST_CAPTION)
    if sum(one.file is None for one in plan) > MOST_TEXTS:
        raise Problem(422, f"The text does not fit into {MOST_TEXTS} messages of WhatsApp.")
    kinds = ["text" if one.file is None else sendable[one.file].kind for one in plan]
    outgoing = [
        Outgoing(ticket_id, contact_id, agent, one.text, kind=kind)
        for one, kind in zip(plan, kinds, strict=True)
    ]
    with_files = {at: files[one.file] for at, one in enumerate(plan) if one.file is not None}
    return (await queue_answer(tx, outgoing, with_files, ticket.now))[0]
