"""`GET /tickets`: the newest first, filtered and in pages."""

from typing import get_args

from aiohttp import web

from services.agent_desk.answers import Channel, Status, TicketPage
from services.agent_desk.desk import DESK
from services.agent_desk.find_ticket import TICKET_COLUMNS, TICKET_TABLES
from services.agent_desk.problems import Problem
from services.agent_desk.read_request import read_choice, read_cursor, read_limit, write_cursor
from services.agent_desk.show import json_answer, show_ticket

_STATUSES: frozenset[str] = frozenset(get_args(Status))
_CHANNELS: frozenset[str] = frozenset(get_args(Channel))
_BOOLEANS = frozenset({"true", "false"})
LONGEST_SEARCH = 200

LIST_TICKETS = f"""
SELECT {TICKET_COLUMNS} FROM {TICKET_TABLES}
WHERE ($1::bigint IS NULL OR tickets.id < $1)
  AND ($2::text IS NULL
       OR $2 = 'open' AND tickets.status = 'open'
       OR $2 = 'closing' AND tickets.status = 'closing' AND tickets.closes_at > clock_timestamp()
       OR $2 = 'closed' AND (tickets.status = 'closed'
            OR tickets.status = 'closing' AND tickets.closes_at <= clock_timestamp()))
  AND ($3::text IS NULL OR tickets.channel = $3)
  AND ($4::boolean IS NULL OR tickets.has_unread = $4)
  AND ($5::text IS NULL
       OR tickets.number = $5
       OR contacts.profile_name ILIKE $6 OR contacts.username ILIKE $6
       OR contacts.typed_email ILIKE $6 OR contacts.typed_phone ILIKE $6
       OR EXISTS (SELECT FROM contact_addresses
                  WHERE contact_id = contacts.id AND value ILIKE $6)
       OR EXISTS (SELECT FROM messages WHERE ticket_id = tickets.id AND messages.text ILIKE $6))
ORDER BY tickets.id DESC LIMIT $7
"""  # noqa: S608  constants


async def list_tickets(request: web.Request) -> web.Response:
    """Answer with a page of tickets; 400 where a parameter is wrong."""
    limit = read_limit(request)
    cursor = read_cursor(request, 1)
    unread = read_choice(request, "unread", _BOOLEANS)
    search = _read_search(request)
    rows = await request.app[DESK].pool.fetch(
        LIST_TICKETS,
        cursor[0] if cursor else None,
        read_choice(request, "status", _STATUSES),
        read_choice(request, "channel", _CHANNELS),
        None if unread is None else unread == "true",
        search,
        _pattern(search) if search else None,
        limit + 1,
    )
    page = rows[:limit]
    more = write_cursor(page[-1]["id"]) if len(rows) > limit else None
    return json_answer(TicketPage([show_ticket(row) for row in page], more))


def _read_search(request: web.Request) -> str | None:
    search = request.query.get("q", "").strip()
    if len(search) > LONGEST_SEARCH or "\x00" in search:
        raise Problem(400, f"q must be a text of at most {LONGEST_SEARCH} characters.")
    return search or None


def _pattern(search: str) -> str:
    escaped = search.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"
