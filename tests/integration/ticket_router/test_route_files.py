"""R11: a file becomes a pending attachment of its message, and validators are told of it."""

from typing import Any

import asyncpg
import pytest

from services.ticket_router.route_events import route_events
from shared.database.pool import create_pool
from tests.routing import route, router_settings
from tests.webhooks import events_of, text_message, webhook_of

PHONE = "34600111222"

FIND_ATTACHMENTS = """
SELECT attachments.*, messages.text AS caption, messages.kind,
       next_attempt_at - clock_timestamp() AS wait
FROM attachments JOIN messages ON messages.id = message_id ORDER BY attachments.id
"""


def file_message(kind: str, **content: Any) -> dict[str, Any]:
    return text_message(PHONE, "") | {"type": kind, "text": None, kind: content}


async def test_a_file_waits_with_all_that_was_said_of_it(
    database_url: str, database: asyncpg.Connection
) -> None:
    document = file_message(
        "document", id="811", mime_type="application/pdf", filename="a/b.pdf", sha256="aa",
        caption="la página 2",
    )  # fmt: skip

    await route(database_url, document)

    (row,) = await database.fetch(FIND_ATTACHMENTS)
    assert (row["media_id"], row["filename"], row["declared_type"], row["declared_sha256"]) == (
        "811", "b.pdf", "application/pdf", "aa",
    )  # fmt: skip
    assert (row["state"], row["attempts"], row["caption"]) == ("pending", 0, "la página 2")
    assert 0 < row["wait"].total_seconds() <= 60, "a hint that gets lost is given again"


async def test_validators_are_told_of_each_file_once(
    database_url: str, database: asyncpg.Connection
) -> None:
    """R14: a repetition by Meta, or a redelivery by RabbitMQ, brings no second attachment."""
    files = [file_message(kind, id=f"81{kind}") for kind in ("image", "video", "audio")]
    pool = await create_pool(database_url, "tests")
    events = events_of(webhook_of(*files, text_message(PHONE, "hola")))

    told = await route_events(pool, router_settings(database_url), events)
    again = await route_events(pool, router_settings(database_url), events)
    repeated = events_of(webhook_of(*files))
    third = await route_events(pool, router_settings(database_url), repeated)
    await pool.close()

    rows = await database.fetch(FIND_ATTACHMENTS)
    assert sorted(one.attachment_id for one in told) == [row["id"] for row in rows]
    assert [row["kind"] for row in rows] == ["image", "video", "audio"]
    assert (again, third) == ([], [])
    assert {one.trace_id for one in told} == {events[0].trace_id}


@pytest.mark.parametrize("content", [{}, {"id": 7}, {"id": "../me"}])
async def test_a_file_without_an_id_is_a_pending_one_too(
    database_url: str, database: asyncpg.Connection, content: dict[str, Any]
) -> None:
    await route(database_url, file_message("image", **content))

    (row,) = await database.fetch(FIND_ATTACHMENTS)
    assert (row["media_id"], row["state"]) == (None, "pending")


async def test_a_sticker_is_neither_fetched_nor_refused(
    database_url: str, database: asyncpg.Connection
) -> None:
    await route(database_url, file_message("sticker", id="811", mime_type="image/webp"))

    assert await database.fetch(FIND_ATTACHMENTS) == []
    assert (
        await database.fetchval("SELECT kind FROM messages WHERE author = 'contact'") == "sticker"
    )
