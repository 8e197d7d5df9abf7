"""Take a webhook: verify, split, publish with confirm, answer."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic

from aiohttp import web
from uuid_utils.compat import uuid7

from shared.broker.publish import Publisher
from shared.broker.topology import STATUS_TRACKER, TICKET_ROUTER
from shared.errors import OutsideAwayError
from shared.events import ItemReceived, MessageReceived, StatusReceived, encode_event
from shared.log import failure, log
from shared.whatsapp.split_webhook import WebhookItem, split_webhook
from shared.whatsapp.verify_signature import verify_signature

# Meta sends up to 3 MB (Meta, webhooks overview); aiohttp would stop at 1 MiB.
MOST_BYTES = 4 * 1024 * 1024

_EVENTS: dict[str, type[MessageReceived | StatusReceived | ItemReceived]] = {
    "message": MessageReceived,
    "status": StatusReceived,
    "other": ItemReceived,
}


class AcceptWebhook:
    """Answers `POST /webhook`.

    200: every item is stored in RabbitMQ. 401: the signature is wrong, nothing was published.
    503: unsure; Meta sends again, for up to seven days, and what was stored is then a duplicate.
    A signed body that nobody understands is 200 too: it would only come again.
    """

    def __init__(self, app_secrets: Sequence[str], publisher: Publisher) -> None:
        self._app_secrets = app_secrets
        self._publisher = publisher

    async def answer(self, request: web.Request) -> web.Response:
        """Take one webhook."""
        started = monotonic()
        body = await request.read()
        header = request.headers.get("X-Hub-Signature-256")
        if not verify_signature(body, header, self._app_secrets):
            log.warning("webhook.rejected", reason="wrong signature", status=401)
            return web.Response(status=401, text="wrong signature")
        items = split_webhook(body)
        trace_id = secrets.token_hex(16)
        try:
            await self._publish(items, trace_id)
        except OutsideAwayError as error:
            log.warning(
                "webhook.unavailable", items=len(items), took_ms=_ms(started), trace_id=trace_id,
                **failure(error),
            )  # fmt: skip
            return web.Response(status=503, text="try again later", headers={"Retry-After": "5"})
        kinds = [item.kind for item in items]
        log.info(
            "webhook.accepted", items=len(items), messages=kinds.count("message"),
            statuses=kinds.count("status"), others=kinds.count("other"), took_ms=_ms(started),
            trace_id=trace_id,
        )  # fmt: skip
        return web.Response(text="ok")

    async def _publish(self, items: Sequence[WebhookItem], trace_id: str) -> None:
        received_at = datetime.now(UTC)
        queues: dict[str, list[bytes]] = {TICKET_ROUTER: [], STATUS_TRACKER: []}
        for item in items:
            event = _EVENTS[item.kind](
                item_id=uuid7(),
                event_key=item.event_key,
                received_at=received_at,
                raw=item.raw,
                trace_id=trace_id,
            )
            queue = STATUS_TRACKER if item.kind == "status" else TICKET_ROUTER
            queues[queue].append(encode_event(event))
        for queue, events in queues.items():
            await self._publisher.publish(queue, events, trace_id)


def _ms(started: float) -> float:
    return round((monotonic() - started) * 1000, 1)
