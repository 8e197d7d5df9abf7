"""Have messages routed without RabbitMQ, by the code that the router runs."""

from collections.abc import Sequence
from typing import Any

from services.ticket_router.route_events import route_events
from services.ticket_router.settings import Settings
from shared.config import DEFAULT_TEXTS_FILE
from shared.database.pool import create_pool
from shared.events import WebhookEvent
from shared.texts import read_texts
from tests.system import PHONE_NUMBER_ID
from tests.webhooks import events_of, webhook_of


def router_settings(
    database_url: str,
    *,
    grace_reply_reopens: bool = False,
    phone_number_id: str = PHONE_NUMBER_ID,
) -> Settings:
    """Give the settings of a router that needs no RabbitMQ."""
    texts = read_texts(DEFAULT_TEXTS_FILE)
    return Settings(database_url, "", phone_number_id, grace_reply_reopens, texts)


async def route(
    database_url: str, *messages: dict[str, Any], grace_reply_reopens: bool = False, **value: Any
) -> None:
    """Route one webhook with these messages, in one batch."""
    settings = router_settings(database_url, grace_reply_reopens=grace_reply_reopens)
    await _route(settings, events_of(webhook_of(*messages, **value)))


async def route_given(
    database_url: str, events: Sequence[WebhookEvent], *, phone_number_id: str = PHONE_NUMBER_ID
) -> None:
    """Route events in one batch, as a router of this number does."""
    await _route(router_settings(database_url, phone_number_id=phone_number_id), events)


async def _route(settings: Settings, events: Sequence[WebhookEvent]) -> None:
    pool = await create_pool(settings.database_url, "tests")
    try:
        await route_events(pool, settings, events)
    finally:
        await pool.close()
