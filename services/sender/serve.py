"""Wire the sender: a pool, the Graph API, and an ear for what is queued."""

import asyncio

from services.sender.send_outbox import SendOutbox
from services.sender.send_read_marks import send_read_marks
from services.sender.settings import Settings
from services.sender.upload_files import UploadFiles
from shared.database.listen import wake_on_notify
from shared.database.pool import create_pool
from shared.media.store import MediaStore
from shared.service import Service
from shared.tickets.queue_message import OUTBOX_CHANNEL
from shared.whatsapp.mark_read import ReadMarksApi
from shared.whatsapp.send_message import GraphApi
from shared.whatsapp.upload_media import UploadApi


async def serve(settings: Settings, service: Service) -> None:
    """Send until the process is asked to stop."""
    pool = await create_pool(settings.database_url, "sender")
    number = (settings.graph_url, settings.access_token, settings.phone_number_id)
    async with (
        GraphApi(*number) as graph,
        UploadApi(*number) as uploads,
        ReadMarksApi(*number) as marks,
    ):
        outbox = SendOutbox(pool, graph, settings, service)
        files = UploadFiles(pool, uploads, MediaStore(settings.store_url), service)
        listening = asyncio.create_task(
            wake_on_notify(settings.database_url, OUTBOX_CHANNEL, outbox.wake, service)
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(outbox.run())
                tasks.create_task(files.run())
                if settings.read_marks:
                    tasks.create_task(
                        send_read_marks(pool, marks, settings.messages_per_second, service)
                    )
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await pool.close()
