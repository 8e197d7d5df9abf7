"""`POST /tickets/{number}/close`: an agent is done with it."""

from aiohttp import web

from services.agent_desk.desk import AGENT, DESK
from services.agent_desk.find_ticket import find_ticket, lock_ticket
from services.agent_desk.problems import Problem
from services.agent_desk.show import json_answer, show_ticket
from shared.database.transaction import transaction
from shared.domain.ticket import can_close
from shared.tickets.request_closing import close_at_once, request_closing


async def close_ticket(request: web.Request) -> web.Response:
    """Answer 200 with the ticket, 409 where it is closing or closed already."""
    desk = request.app[DESK]
    number, agent = request.match_info["number"], request[AGENT]
    async with transaction(desk.pool) as tx:
        ticket = await lock_ticket(tx, number)
        row = ticket.row
        if not can_close(ticket.state, ticket.now):
            raise Problem(409, f"The ticket is {row['status']}.")
        if row["channel"] == "whatsapp":
            await request_closing(
                tx, row["id"], number, row["contact_id"], agent,
                ticket.now, desk.settings.grace, desk.settings.texts,
            )  # fmt: skip
        else:
            await close_at_once(tx, row["id"], number, agent, ticket.now)
        changed = await find_ticket(tx.connection, number)
    return json_answer(show_ticket(changed))
