"""`POST /tickets/{number}/messages`: an agent writes to the contact."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from aiohttp import web

from services.agent_desk.desk import AGENT, DESK
from services.agent_desk.find_ticket import LockedTicket, lock_ticket
from services.agent_desk.problems import Problem
from services.agent_desk.read_request import check_text, read_body, text_of
from services.agent_desk.show import json_answer, show_message, window_closes_at
from shared.database.transaction import Transaction, transaction
from shared.domain.split_text import split_text
from shared.domain.ticket import is_over
from shared.texts import LONGEST_TEXT
from shared.tickets.queue_message import Outgoing, queue_messages, write_note

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
    text = check_text((await read_body(request, Answer)).text, LONGEST_ANSWER)
    parts = split_text(text, LONGEST_TEXT)
    if len(parts) > MOST_TEXTS:
        raise Problem(422, f"The text does not fit into {MOST_TEXTS} messages of WhatsApp.")
    agent = request[AGENT]
    async with transaction(request.app[DESK].pool) as tx:
        ticket = await lock_ticket(tx, request.match_info["number"])
        if is_over(ticket.state, ticket.now):
            raise Problem(409, "The ticket is closed.")
        message_id = await _write(tx, ticket, agent, text, parts)
        await tx.connection.execute(ASSIGN, ticket.row["id"], agent)
        (message,) = await tx.connection.fetch(FIND_MESSAGE, message_id)
    return json_answer(show_message(message), 202)


async def _write(
    tx: Transaction, ticket: LockedTicket, agent: str, text: str, parts: Sequence[str]
) -> int:
    """Give the id of the first message; a note is sent to nobody and stays in one piece."""
    ticket_id, contact_id = ticket.row["id"], ticket.row["contact_id"]
    if ticket.row["channel"] != "whatsapp":
        return await write_note(tx, Outgoing(ticket_id, contact_id, agent, text), ticket.now)
    closes_at = window_closes_at(ticket.row)
    if closes_at is None or ticket.now >= closes_at:
        raise Problem(422, "The contact last wrote more than 24 hours ago; WhatsApp takes no text.")
    outgoing = [Outgoing(ticket_id, contact_id, agent, part) for part in parts]
    return (await queue_messages(tx, outgoing, ticket.now))[0]
