"""Wire the status tracker: a pool, a consumer, and a publisher for what must be buried."""

from collections.abc import Sequence

from services.status_tracker.settings import Settings
from services.status_tracker.track_statuses import track_statuses
from shared.broker.publish import Publisher
from shared.broker.topology import STATUS_TRACKER
from shared.consumer import run_consumer
from shared.database.pool import BY_KEY, create_pool
from shared.events import Event, webhook_events
from shared.service import Service


async def serve(settings: Settings, service: Service) -> None:
    """Track statuses until the process is asked to stop."""
    pool = await create_pool(settings.database_url, "status_tracker", plans=BY_KEY)
    publisher = Publisher(settings.amqp_url, service)

    async def handle(events: Sequence[Event]) -> None:
        await track_statuses(pool, settings.phone_number_id, webhook_events(events))

    await run_consumer(settings.amqp_url, STATUS_TRACKER, pool, publisher, handle, service)
    await pool.close()
