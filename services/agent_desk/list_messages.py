"""`GET /tickets/{number}/messages`: the oldest first, in pages, with their files."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

import asyncpg
from aiohttp import web

from services.agent_desk.answers import Message, MessagePage
from services.agent_desk.desk import DESK
from services.agent_desk.find_ticket import find_ticket
from services.agent_desk.read_request import read_cursor, read_limit, write_cursor
from services.agent_desk.show import json_answer, show_message
from shared.database.pool import Pool

# `sent_at` is a whole second in every row; within it the order is that of the ids.
LIST_MESSAGES = """
SELECT id, direction, author, kind, text, original_text, forwarded, is_reply, after_closing,
       sent_at, received_at, delivery, resends, reaction, edited_at, revoked_at
FROM messages
WHERE ticket_id = $1 AND (sent_at, id) > ($2, $3)
ORDER BY sent_at, id LIMIT $4
"""


async def list_messages(request: web.Request) -> web.Response:
    """Answer with a page of messages; 404 where there is no such ticket."""
    limit = read_limit(request)
    cursor = read_cursor(request, 2) or (0, 0)
    pool = request.app[DESK].pool
    ticket = await find_ticket(pool, request.match_info["number"])
    after = datetime.fromtimestamp(min(cursor[0], 253402300799), UTC)
    rows = await pool.fetch(LIST_MESSAGES, ticket["id"], after, cursor[1], limit + 1)
    page = rows[:limit]
    more = None
    if len(rows) > limit:
        more = write_cursor(int(page[-1]["sent_at"].timestamp()), page[-1]["id"])
    return json_answer(MessagePage(await _with_parts(pool, page), more))


LIST_ATTACHMENTS = """
SELECT id, message_id, filename, declared_type, format, size, state, reason, bytes_deleted_at
FROM attachments WHERE message_id = ANY ($1) ORDER BY id
"""


LIST_CHANGES = """
SELECT message_id, kind, value, sent_at FROM message_marks
WHERE message_id = ANY ($1) AND kind IN ('edit', 'revoke') ORDER BY sent_at, event_key
"""


async def _with_parts(pool: Pool, messages: Sequence[asyncpg.Record]) -> list[Message]:
    """Add each message's files and what it said before."""
    files: defaultdict[int, list[asyncpg.Record]] = defaultdict(list)
    for row in await pool.fetch(LIST_ATTACHMENTS, [message["id"] for message in messages]):
        files[row["message_id"]].append(row)
    changed = [one["id"] for one in messages if one["edited_at"] or one["revoked_at"]]
    changes: defaultdict[int, list[asyncpg.Record]] = defaultdict(list)
    for row in await pool.fetch(LIST_CHANGES, changed) if changed else []:
        changes[row["message_id"]].append(row)
    return [show_message(one, files[one["id"]], changes[one["id"]]) for one in messages]
