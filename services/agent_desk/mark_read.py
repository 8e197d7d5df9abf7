"""`POST /tickets/{number}/read`: an agent has opened the ticket and seen the messages."""

from aiohttp import web

from services.agent_desk.desk import AGENT, DESK
from services.agent_desk.find_ticket import find_ticket, lock_ticket
from services.agent_desk.show import json_answer, show_ticket
from shared.database.transaction import transaction
from shared.tickets.record_actions import Action, record_actions
from shared.tickets.request_read_mark import request_read_mark

MARK_READ = "UPDATE tickets SET unread = 0 WHERE id = $1"


async def mark_read(request: web.Request) -> web.Response:
    """Answer 200 with the ticket; a closed one too can hold messages nobody has seen (R7)."""
    number, agent = request.match_info["number"], request[AGENT]
    desk = request.app[DESK]
    async with transaction(desk.pool) as tx:
        ticket = await lock_ticket(tx, number)
        if ticket.row["unread"]:
            await tx.connection.execute(MARK_READ, ticket.row["id"])
            await record_actions(tx, [Action(ticket.row["id"], ticket.now, agent, "read")])
            tx.log("ticket.read", ticket=number, agent=agent, messages=ticket.row["unread"])
        if desk.settings.read_marks:
            await request_read_mark(tx, ticket.row["id"])
        changed = await find_ticket(tx.connection, number)
    return json_answer(show_ticket(changed))
