"""Count the webhooks, so that a test can wait until all is at rest."""

from aiohttp import web

from services.whatsapp_simulator.json_bodies import json_answer
from services.whatsapp_simulator.simulator import SIMULATOR


async def count_webhooks(request: web.Request) -> web.Response:
    """Answer with counts since the start; `refused` by status, "0" for no answer."""
    webhooks = request.app[SIMULATOR].webhooks
    return json_answer(
        {
            "delivered": webhooks.delivered,
            "pending": webhooks.pending,
            "attempts": webhooks.attempts,
            "refused": webhooks.refused,
        }
    )
