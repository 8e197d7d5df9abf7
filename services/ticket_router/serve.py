"""Wire the router: a pool, a consumer, and a publisher for files and for what must be buried."""

from collections.abc import Sequence

from services.ticket_router.route_events import route_events
from services.ticket_router.settings import Settings
from shared.broker.publish import Publisher
from shared.broker.publish_attachments import publish_attachments
from shared.broker.topology import TICKET_ROUTER
from shared.consumer import run_consumer
from shared.database.pool import BY_KEY, create_pool
from shared.events import Event, webhook_events
from shared.service import Service


async def serve(settings: Settings, service: Service) -> None:
    """Route events until the process is asked to stop."""
    pool = await create_pool(settings.database_url, "ticket_router", plans=BY_KEY)
    publisher = Publisher(settings.amqp_url, service)

    async def handle(events: Sequence[Event]) -> None:
        attachments = await route_events(pool, settings, webhook_events(events))
        await publish_attachments(publisher, attachments)

    await run_consumer(settings.amqp_url, TICKET_ROUTER, pool, publisher, handle, service)
    await pool.close()
