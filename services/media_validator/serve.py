"""Wire the validator: a pool, Meta's media, a store, and a consumer of the hints."""

import asyncio

from services.media_validator.settings import Settings
from services.media_validator.validate_attachments import ValidateAttachments
from services.media_validator.validate_media import ValidateMedia
from shared.broker.publish import Publisher
from shared.broker.topology import MEDIA_VALIDATOR
from shared.consumer import run_consumer
from shared.database.pool import create_pool
from shared.media.antivirus import Antivirus
from shared.media.proofs import Proofs
from shared.media.store import MediaStore
from shared.service import Service
from shared.whatsapp.fetch_media import MediaApi


async def serve(settings: Settings, service: Service) -> None:
    """Validate files until the process is asked to stop; what cannot end then is given back."""
    pool = await create_pool(settings.database_url, "media_validator")
    publisher = Publisher(settings.amqp_url, service)
    media = MediaApi(
        settings.graph_url, settings.access_token, settings.phone_number_id, settings.media_hosts
    )
    async with media, Proofs(settings.formats) as proofs:
        store = MediaStore(settings.store_url)
        antivirus = Antivirus(settings.antivirus, service) if settings.antivirus else None
        validate = ValidateMedia(pool, media, proofs, antivirus, store, settings, service)
        attachments = ValidateAttachments(pool, validate, service)
        async with asyncio.TaskGroup() as tasks:
            holding = tasks.create_task(attachments.hold_claims())
            if antivirus is not None:
                tasks.create_task(antivirus.watch())
            await run_consumer(
                settings.amqp_url, MEDIA_VALIDATOR, pool, publisher, attachments.take, service
            )
            await attachments.drain()
            holding.cancel()
    await pool.close()
