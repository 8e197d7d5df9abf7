"""Let a stopped channel resume, once a person has mended what WhatsApp refused."""

import argparse
import asyncio

from services.operations.show import say
from shared import config
from shared.database.pool import create_pool
from shared.database.transaction import transaction
from shared.tickets.lock_contacts import READ_CLOCK
from shared.tickets.resume_channel import resume_channel as resume


def resume_channel(env: config.Env, _: argparse.Namespace) -> None:
    """Send again at once; the channel stops anew where WhatsApp still refuses."""
    asyncio.run(_resume(config.database_url(env)))


async def _resume(database_url: str) -> None:
    async with (
        await create_pool(database_url, "operations", size=1) as pool,
        transaction(pool) as tx,
    ):
        now = await tx.connection.fetchval(READ_CLOCK)
        resumed = await resume(tx, "operator", now)
    say("the channel resumes" if resumed else "the channel was not stopped")
