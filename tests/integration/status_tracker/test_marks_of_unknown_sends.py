"""R12: a reaction to a message of ours, whose wamid only a status tells."""

import asyncpg

from services.status_tracker.track_statuses import track_statuses
from shared.database.pool import create_pool
from tests.routing import route
from tests.system import PHONE_NUMBER_ID
from tests.webhooks import events_of, text_message, webhook_of

PHONE = "34600111222"


async def test_a_reaction_waits_until_a_status_tells_what_it_is_about(
    database_url: str, database: asyncpg.Connection
) -> None:
    await route(database_url, text_message(PHONE, "hola"))
    opening = await database.fetchval("SELECT id FROM messages WHERE purpose = 'opening'")
    reaction = {"type": "reaction", "reaction": {"message_id": "wamid.ours", "emoji": "👍"}}
    await route(database_url, text_message(PHONE, "") | reaction)
    assert await database.fetchval("SELECT reaction FROM messages WHERE id = $1", opening) is None

    status = {
        "id": "wamid.ours",
        "status": "delivered",
        "timestamp": "1795000100",
        "biz_opaque_callback_data": f"message:{opening}",
    }
    pool = await create_pool(database_url, "tests")
    await track_statuses(pool, PHONE_NUMBER_ID, events_of(webhook_of(statuses=[status])))
    await pool.close()

    assert await database.fetchval("SELECT reaction FROM messages WHERE id = $1", opening) == "👍"
