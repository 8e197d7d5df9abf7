"""Send the desk any webhook: an event of another kind, or a body that is none."""

from typing import Any

import msgspec
from aiohttp import web

from services.whatsapp_simulator.json_bodies import bad_request, json_answer, read_json
from services.whatsapp_simulator.simulator import SIMULATOR


class Injection(msgspec.Struct, forbid_unknown_fields=True):
    """Either a value, which gets Meta's wrapping, or a whole body; both are signed."""

    value: dict[str, Any] | None = None
    field: str = "messages"
    body: str | None = None


async def inject_webhook(request: web.Request) -> web.Response:
    """Answer 202 at once; the webhook is delivered like every other."""
    injection = await read_json(request, Injection)
    if (injection.value is None) == (injection.body is None):
        raise bad_request("exactly one of `value` and `body` is needed")
    webhooks = request.app[SIMULATOR].webhooks
    if injection.body is not None:
        webhooks.announce(injection.body.encode())
    else:
        webhooks.announce({"value": injection.value, "field": injection.field})
    return json_answer({}, status=202)
