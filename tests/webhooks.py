"""Webhooks as Meta sends them, for tests that talk to ingress or to the router themselves."""

import hmac
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from uuid_utils.compat import uuid7

from shared.events import ItemReceived, MessageReceived, StatusReceived, WebhookEvent
from shared.whatsapp.split_webhook import split_webhook
from tests.system import APP_SECRET, PHONE_NUMBER_ID

_EVENTS: dict[str, type[MessageReceived | StatusReceived | ItemReceived]] = {
    "message": MessageReceived,
    "status": StatusReceived,
    "other": ItemReceived,
}


def text_message(phone: str, text: str, *, at: float | None = None, **more: Any) -> dict[str, Any]:
    """Give one element of `messages`; `at` is WhatsApp's second, by default now."""
    seconds = int(at if at is not None else datetime.now(UTC).timestamp())
    return {
        "from": phone,
        "id": f"wamid.{uuid4().hex}",
        "timestamp": str(seconds),
        "type": "text",
        "text": {"body": text},
        **more,
    }


def webhook_of(
    *messages: object, phone_number_id: str = PHONE_NUMBER_ID, **value: Any
) -> dict[str, Any]:
    """Wrap messages, and other parts of `value`, as Meta does."""
    metadata = {"display_phone_number": "34973901905", "phone_number_id": phone_number_id}
    body = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    if messages:
        body["messages"] = list(messages)
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "900100", "changes": [{"field": "messages", "value": body}]}],
    }


def signed(body: bytes, secret: str = APP_SECRET) -> dict[str, str]:
    """Give the headers of a genuine webhook."""
    digest = hmac.digest(secret.encode(), body, "sha256").hex()
    return {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}


def events_of(
    webhook: dict[str, Any], *, received_at: datetime | None = None
) -> list[WebhookEvent]:
    """Split a webhook as ingress does, into events with new item ids."""
    return [
        _EVENTS[item.kind](
            item_id=uuid7(),
            event_key=item.event_key,
            received_at=received_at or datetime.now(UTC),
            raw=item.raw,
        )
        for item in split_webhook(json.dumps(webhook).encode())
    ]
