"""What the migration and old routers write is what the code looks for (R13)."""

import asyncpg
import pytest

from shared.domain.phone import phone_key
from tests.routing import route
from tests.webhooks import text_message

NUMBERS = [
    "34600111222", "5511987654321", "551187654321", "551133334444", "5511933334444",
    "5215512345678", "525512345678", "5491123456789", "541123456789", "541512345678", "52155",
]  # fmt: skip
INSERT_OLD = "INSERT INTO contact_addresses (kind, value, contact_id) VALUES ('phone', $1, $2)"


@pytest.mark.parametrize("number", NUMBERS)
async def test_the_database_makes_the_same_key(database: asyncpg.Connection, number: str) -> None:
    assert await database.fetchval("SELECT phone_key($1)", number) == phone_key(number)


async def test_an_address_of_an_older_router_is_found_in_either_form(
    database_url: str, database: asyncpg.Connection
) -> None:
    await database.execute("INSERT INTO contacts (id) VALUES (1001), (1002)")
    await database.execute(INSERT_OLD, "5215512345678", 1001)
    # It took the other form for somebody else.
    await database.execute(INSERT_OLD, "525512345678", 1002)

    await route(database_url, text_message("525512345678", "hola"))
    await route(database_url, text_message("5215512345678", "hola otra vez"))

    rows = await database.fetch("SELECT contact_id FROM tickets")
    assert [row["contact_id"] for row in rows] == [1001]
