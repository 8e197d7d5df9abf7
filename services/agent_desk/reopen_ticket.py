"""`POST /tickets/{number}/reopen`: an agent takes a closing back."""

from aiohttp import web

from services.agent_desk.desk import AGENT, DESK
from services.agent_desk.find_ticket import find_ticket, lock_ticket
from services.agent_desk.problems import Problem
from services.agent_desk.show import json_answer, show_ticket
from shared.database.transaction import transaction
from shared.domain.ticket import can_reopen
from shared.tickets.reopen_ticket import Reopening, reopen_tickets


async def reopen_ticket(request: web.Request) -> web.Response:
    """Answer 200 with the ticket, 409 where it is open, or closed for good."""
    desk = request.app[DESK]
    number, agent = request.match_info["number"], request[AGENT]
    async with transaction(desk.pool) as tx:
        ticket = await lock_ticket(tx, number)
        row = ticket.row
        if not can_reopen(ticket.state, ticket.now):
            raise Problem(409, f"The ticket is {row['status']}.")
        reopening = Reopening(
            row["id"], number, row["contact_id"], row["closing_message_id"], agent
        )
        await reopen_tickets(tx, [reopening], ticket.now, desk.settings.texts)
        changed = await find_ticket(tx.connection, number)
    return json_answer(show_ticket(changed))
