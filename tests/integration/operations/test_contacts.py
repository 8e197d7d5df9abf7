"""What an operator does about contacts that may be one person (R13)."""

import re

import asyncpg
import pytest

from tests.integration.operations.conftest import Operator
from tests.routing import route
from tests.webhooks import text_message

ANA, BEA = "34600000001", "34600000002"
TICKETS = """
SELECT tickets.contact_id, array_agg(text ORDER BY messages.id) AS texts
FROM tickets JOIN messages ON ticket_id = tickets.id AND direction = 'inbound'
GROUP BY tickets.id ORDER BY tickets.id
"""


async def conflict(database_url: str) -> None:
    """Have two people write, and then one with her user id and the phone of the other."""
    await route(database_url, text_message(ANA, "soy Ana", from_user_id="ES.Ana"))
    await route(database_url, text_message(BEA, "soy Bea", from_user_id="ES.Bea"))
    await route(database_url, text_message(BEA, "¿quién?", from_user_id="ES.Ana"))


async def tickets(database: asyncpg.Connection) -> list[tuple[int, list[str]]]:
    return [(row["contact_id"], row["texts"]) for row in await database.fetch(TICKETS)]


async def close(database: asyncpg.Connection, contact_id: int) -> None:
    await database.execute(
        "UPDATE tickets SET status = 'closed', closed_at = now() WHERE contact_id = $1", contact_id
    )


async def test_a_conflict_is_listed_without_saying_who_anybody_is(
    operator: Operator, database_url: str
) -> None:
    assert "0 conflicts" in (await operator("contacts", "list")).text
    await conflict(database_url)
    await route(database_url, text_message(BEA, "otra vez", from_user_id="ES.Ana"))

    answer = await operator("contacts", "list")

    assert answer.code == 0
    assert "1 conflicts" in answer.text
    assert re.search(r"^ *1  \S+-000001 +2  \S+-000002 +2  20", answer.text, re.MULTILINE)
    for secret in (ANA, BEA, "ES.Ana", "ES.Bea"):
        assert secret not in answer.text + answer.errors


async def test_two_contacts_are_merged_and_unmerged(
    operator: Operator, database_url: str, database: asyncpg.Connection
) -> None:
    await conflict(database_url)

    refused = await operator("contacts", "merge", 1, 2, "--by", "Marta")
    assert (refused.code, "both have an open ticket" in refused.errors) == (1, True)
    await close(database, 2)
    merged = await operator("contacts", "merge", 2, 1, "--by", "Marta")
    assert (merged.code, merged.errors.count("Traceback")) == (0, 0)
    assert "contact 1 has taken over contact 2" in merged.text
    await route(database_url, text_message(BEA, "y ahora", from_user_id="ES.Bea"))

    assert await tickets(database) == [(1, ["soy Ana", "¿quién?", "y ahora"]), (1, ["soy Bea"])]
    listed = await operator("contacts", "list")
    assert "0 conflicts" in listed.text
    assert "Marta" in listed.text

    undone = await operator("contacts", "unmerge", 1, "--by", "Marta")
    assert "contact 2 is a contact of its own again" in undone.text
    await route(database_url, text_message(BEA, "otra", from_user_id="ES.Bea"))
    assert await tickets(database) == [
        (1, ["soy Ana", "¿quién?", "y ahora"]), (2, ["soy Bea"]), (2, ["otra"]),
    ]  # fmt: skip
    assert (await operator("contacts", "unmerge", 1, "--by", "Marta")).code == 1


async def test_a_join_by_r13_can_be_undone(
    operator: Operator, database_url: str, database: asyncpg.Connection
) -> None:
    await route(database_url, text_message(ANA, "por número"))
    by_user_id = text_message("", "por user id", from_user_id="ES.Ana")
    del by_user_id["from"]
    await route(database_url, by_user_id)
    await route(database_url, text_message(ANA, "con los dos", from_user_id="ES.Ana"))
    assert await tickets(database) == [(1, ["por número", "por user id", "con los dos"])]

    answer = await operator("contacts", "unmerge", 1, "--by", "Marta")

    assert answer.code == 0
    assert await tickets(database) == [(1, ["por número", "con los dos"]), (2, ["por user id"])]
    addresses = await database.fetch("SELECT kind, contact_id FROM contact_addresses")
    assert {(row["kind"], row["contact_id"]) for row in addresses} == {("phone", 1), ("user_id", 2)}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("merge", 1, 1, "--by", "Marta"), "with itself"),
        (("merge", 1, 99, "--by", "Marta"), "there is no contact 99"),
        (("unmerge", 99, "--by", "Marta"), "there is no merge 99"),
    ],
)
async def test_what_cannot_be_is_said_in_one_line(
    operator: Operator, database_url: str, arguments: tuple[object, ...], words: str
) -> None:
    await conflict(database_url)

    answer = await operator("contacts", *arguments)

    assert (answer.code, answer.text) == (1, "")
    assert words in answer.errors
    assert "Traceback" not in answer.errors
