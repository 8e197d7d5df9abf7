"""`POST /tickets/{number}/messages`: an agent writes to the contact."""

import msgspec
from aiohttp import web

from services.agent_desk.desk import AGENT, DESK
from services.agent_desk.find_ticket import LockedTicket, lock_ticket
from services.agent_desk.problems import Problem
from services.agent_desk.read_request import Text, check_text, read_body
from services.agent_desk.show import json_answer, show_message, window_closes_at
from shared.database.transaction import Transaction, transaction
from shared.domain.ticket import is_over
from shared.tickets.queue_message import Outgoing, queue_messages, write_note

FIND_MESSAGE = "SELECT * FROM messages WHERE id = $1"

# Whoever answers first has the ticket, until somebody assigns it otherwise.
ASSIGN = """
UPDATE tickets SET assigned_to = coalesce(assigned_to, $2), reopened_from = NULL
WHERE id = $1 AND (assigned_to IS NULL OR reopened_from IS NOT NULL)
"""


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """The body: what the agent writes."""

    text: Text


async def answer_contact(request: web.Request) -> web.Response:
    """Answer 202 with the message; 409 when the ticket is closed, 422 when the window is over."""
    text = check_text((await read_body(request, Answer)).text)
    agent = request[AGENT]
    async with transaction(request.app[DESK].pool) as tx:
        ticket = await lock_ticket(tx, request.match_info["number"])
        if is_over(ticket.state, ticket.now):
            raise Problem(409, "The ticket is closed.")
        message_id = await _write(tx, ticket, agent, text)
        await tx.connection.execute(ASSIGN, ticket.row["id"], agent)
        (message,) = await tx.connection.fetch(FIND_MESSAGE, message_id)
    return json_answer(show_message(message), 202)


async def _write(tx: Transaction, ticket: LockedTicket, agent: str, text: str) -> int:
    outgoing = Outgoing(ticket.row["id"], ticket.row["contact_id"], agent, text)
    if ticket.row["channel"] != "whatsapp":
        return await write_note(tx, outgoing, ticket.now)
    closes_at = window_closes_at(ticket.row)
    if closes_at is None or ticket.now >= closes_at:
        raise Problem(422, "The contact last wrote more than 24 hours ago; WhatsApp takes no text.")
    return (await queue_messages(tx, [outgoing], ticket.now))[0]
