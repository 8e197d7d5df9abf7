"""`GET /outbox`: whether WhatsApp takes what is written, and what waits."""

from aiohttp import web

from services.agent_desk.answers import LastDay, Outbox
from services.agent_desk.desk import DESK
from services.agent_desk.show import json_answer
from shared.tickets.read_channel import read_channel
from shared.tickets.read_outbox import read_outbox


async def get_outbox(request: web.Request) -> web.Response:
    """Answer with how the channel is."""
    pool = request.app[DESK].pool
    channel, outbox = await read_channel(pool), await read_outbox(pool)
    return json_answer(
        Outbox(
            state=channel.state,
            since=channel.since,
            code=channel.stop_code,
            next_attempt_at=channel.probe_at,
            waiting=outbox.waiting,
            oldest_waiting_at=outbox.oldest_waiting_at,
            unknown=outbox.unknown,
            last_day=LastDay(outbox.settled, outbox.resent),
        )
    )
