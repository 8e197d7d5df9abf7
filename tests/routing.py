"""Have messages routed without RabbitMQ, by the code that the router runs."""

from typing import Any

from services.ticket_router.route_events import route_events
from services.ticket_router.settings import Settings
from shared.config import DEFAULT_TEXTS_FILE
from shared.database.pool import create_pool
from shared.texts import read_texts
from tests.system import PHONE_NUMBER_ID
from tests.webhooks import events_of, webhook_of


def router_settings(database_url: str, *, grace_reply_reopens: bool = False) -> Settings:
    """Give the settings of a router that needs no RabbitMQ."""
    texts = read_texts(DEFAULT_TEXTS_FILE)
    return Settings(database_url, "", PHONE_NUMBER_ID, grace_reply_reopens, texts)


async def route(
    database_url: str, *messages: dict[str, Any], grace_reply_reopens: bool = False, **value: Any
) -> None:
    """Route one webhook with these messages, in one batch."""
    settings = router_settings(database_url, grace_reply_reopens=grace_reply_reopens)
    pool = await create_pool(database_url, "tests")
    try:
        await route_events(pool, settings, events_of(webhook_of(*messages, **value)))
    finally:
        await pool.close()
