"""R13, R14: changed addresses, told early, late, and again when the number is somebody else's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from services.sender.take_messages import take_messages
from services.ticket_router.route_events import route_events
from shared.database.pool import create_pool
from shared.events import WebhookEvent
from tests.routing import route, router_settings
from tests.webhooks import events_of, text_message, webhook_of

OLD, NEW, ANA, STRANGER = "34600000001", "34600000002", "ES.Ana", "ES.Other"
LONG_AGO = datetime.now(UTC) - timedelta(days=60)
PEOPLE = """
SELECT array_agg(value ORDER BY value) AS addresses FROM contact_addresses
GROUP BY contact_id ORDER BY min(contact_id)
"""


def change(at: datetime = LONG_AGO, **system: Any) -> dict[str, Any]:
    told = {"type": "user_changed_number", "wa_id": NEW, **system}
    return text_message(OLD, "", at=at.timestamp()) | {"type": "system", "system": told}


def written(
    phone: str, user_id: str | None = None, *, at: datetime | None = None
) -> dict[str, Any]:
    more = {"from_user_id": user_id} if user_id else {}
    return text_message(phone, "hola", at=at.timestamp() if at else None, **more)


async def people(database: asyncpg.Connection) -> list[list[str]]:
    return [row["addresses"] for row in await database.fetch(PEOPLE)]


async def again(database_url: str, events: list[WebhookEvent]) -> None:
    """Have RabbitMQ deliver events once more."""
    pool = await create_pool(database_url, "tests")
    await route_events(pool, router_settings(database_url), events)
    await pool.close()


async def test_a_change_that_is_delivered_again_takes_nothing_from_the_numbers_next_owner(
    database_url: str, database: asyncpg.Connection
) -> None:
    told = events_of(webhook_of(change()))
    await route(database_url, written(OLD, at=LONG_AGO))
    await again(database_url, told)
    await route(database_url, written(NEW, ANA))
    await route(database_url, written(OLD, STRANGER))
    before = await people(database)

    await again(database_url, told)

    assert before == [[NEW, ANA], [OLD, STRANGER]]
    assert await people(database) == before


async def test_a_change_that_waited_is_not_the_numbers_next_owners(
    database_url: str, database: asyncpg.Connection
) -> None:
    await route(database_url, change())
    await route(database_url, written(NEW, ANA))

    await route(database_url, written(OLD, STRANGER))

    assert await people(database) == [[NEW, ANA], [OLD, STRANGER]]


@pytest.mark.parametrize("late", [True, False], ids=["a late message", "none"])
async def test_answers_go_to_the_address_that_was_not_left(
    database_url: str, database: asyncpg.Connection, late: bool
) -> None:
    before = LONG_AGO - timedelta(minutes=5)
    await route(database_url, written(NEW))
    await route(database_url, change())
    if late:
        await route(database_url, written(OLD, at=before))
    pool = await create_pool(database_url, "tests")

    (taken,) = await take_messages(pool, 10, timedelta(minutes=30))

    assert taken.recipient.phone == NEW
    await pool.close()


async def test_changes_that_follow_one_another_may_come_the_other_way_round(
    database_url: str, database: asyncpg.Connection
) -> None:
    third = "34600000003"
    second = text_message(NEW, "", at=LONG_AGO.timestamp() + 60) | {
        "type": "system",
        "system": {"type": "user_changed_number", "wa_id": third},
    }
    await route(database_url, second)
    await route(database_url, change())
    await route(database_url, written(third))

    await route(database_url, written(OLD, at=LONG_AGO - timedelta(days=1)))

    assert await people(database) == [[OLD, NEW, third]]
