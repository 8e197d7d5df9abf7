"""What each failure of PostgreSQL means for the work that met it, by really provoking it."""

import asyncio

import asyncpg
import pytest

from shared.database.failures import judge_failure
from shared.errors import NeverWorksError, OutsideAwayError, TryAgainError

CONTACT = "INSERT INTO contacts (id) VALUES (1)"
ADDRESS = "INSERT INTO contact_addresses (kind, value, contact_id) VALUES ('phone', '34', 1)"
TICKET = """
INSERT INTO tickets (number, contact_id, channel, status, opened_at)
VALUES (gen_random_uuid()::text, 1, 'whatsapp', 'open', now())
"""
ITEM = """
INSERT INTO received_events (item_id, event_key, outcome, received_at)
VALUES (gen_random_uuid(), 'key', 'stored', now())
"""
MESSAGE = """
INSERT INTO messages (ticket_id, direction, author, kind, sent_at, received_at, event_key)
SELECT id, 'inbound', 'contact', 'text', now(), now(), 'key' FROM tickets
"""
OPENING = """
INSERT INTO messages (ticket_id, direction, author, kind, sent_at, received_at, purpose)
SELECT id, 'outbound', 'system', 'text', now(), now(), 'opening' FROM tickets
"""

NEVER = NeverWorksError
AGAIN = TryAgainError
AWAY = OutsideAwayError

# Statements of which the last one fails.
PROVOKED: list[tuple[list[str], type[Exception]]] = [
    # the data of the event
    (["SELECT 1 / 0"], NEVER),
    (["SELECT 'x'::integer"], NEVER),
    ([r"""SELECT '"\u0000"'::jsonb ->> 0, '"\u0000"'::jsonb #>> '{}'"""], NEVER),
    ([r"SELECT convert_from('\xff', 'UTF8')"], NEVER),
    (["INSERT INTO tickets (number) VALUES ('1')"], NEVER),
    (["INSERT INTO outbox (message_id, contact_id) VALUES (7, 7)"], NEVER),
    ([CONTACT, "UPDATE contacts SET id = NULL"], NEVER),
    ([CONTACT, TICKET, "UPDATE tickets SET unread = -1"], NEVER),
    ([CONTACT, CONTACT], NEVER),
    ([CONTACT, TICKET, OPENING, OPENING], NEVER),
    # races that another worker has won
    ([CONTACT, ADDRESS, ADDRESS], AGAIN),
    ([CONTACT, TICKET, TICKET], AGAIN),
    ([ITEM, ITEM], AGAIN),
    ([CONTACT, TICKET, MESSAGE, MESSAGE], AGAIN),
    (["DO $$ BEGIN RAISE SQLSTATE '40001'; END $$"], AGAIN),
    (["DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$"], AGAIN),
    # the system
    (["SELECT no_such_column FROM tickets"], AWAY),
    (["SELECT 1 FROM no_such_table"], AWAY),
    (["SET statement_timeout = 50", "SELECT pg_sleep(5)"], AWAY),
    (["SELECT pg_terminate_backend(pg_backend_pid())"], AWAY),
    (["SET default_transaction_read_only = on", "CREATE TABLE x (id integer)"], AWAY),
    (["DO $$ BEGIN RAISE SQLSTATE '53100'; END $$"], AWAY),
    (["DO $$ BEGIN RAISE SQLSTATE '53300'; END $$"], AWAY),
    (["DO $$ BEGIN RAISE SQLSTATE '57P01'; END $$"], AWAY),
    (["DO $$ BEGIN RAISE SQLSTATE 'XX000'; END $$"], AWAY),
]


async def provoke(database: asyncpg.Connection, statements: list[str]) -> Exception:
    """Run statements, the last of which fails; give its error."""
    for statement in statements[:-1]:
        await database.execute(statement)
    with pytest.raises(Exception) as caught:  # noqa: PT011  whichever it is
        await database.execute(statements[-1])
    assert isinstance(caught.value, Exception)
    return caught.value


@pytest.mark.parametrize(("statements", "expected"), PROVOKED)
async def test_a_failure_of_the_database_is_laid_to_whom_it_belongs(
    database: asyncpg.Connection, statements: list[str], expected: type[Exception]
) -> None:
    assert type(judge_failure(await provoke(database, statements))) is expected


async def test_a_value_that_cannot_even_be_sent_is_the_events_fault(
    database: asyncpg.Connection,
) -> None:
    for value in (2**70, "not a number"):
        with pytest.raises(Exception) as caught:  # noqa: PT011  whichever it is
            await database.fetchval("SELECT $1::bigint", value)
        assert isinstance(caught.value, Exception)
        assert type(judge_failure(caught.value)) is NEVER


async def test_text_that_postgresql_cannot_store_is_the_events_fault(
    database: asyncpg.Connection,
) -> None:
    for value in ("a\x00b", "\ud800"):
        with pytest.raises(Exception) as caught:  # noqa: PT011  whichever it is
            await database.fetchval("SELECT $1::text", value)
        assert isinstance(caught.value, Exception)
        assert type(judge_failure(caught.value)) is NEVER


async def test_a_connection_that_is_closed_is_the_systems_fault(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.close()

    with pytest.raises(asyncpg.InterfaceError) as caught:
        await connection.execute("SELECT 1")

    assert type(judge_failure(caught.value)) is AWAY


async def test_a_lock_that_is_not_had_in_time_is_the_systems_fault(
    database: asyncpg.Connection, database_url: str
) -> None:
    other = await asyncpg.connect(database_url)
    async with other.transaction():
        await other.execute("LOCK TABLE contacts")
        error = await provoke(database, ["SET lock_timeout = 50", "SELECT 1 FROM contacts"])
    await other.close()

    assert type(judge_failure(error)) is AWAY


async def test_a_transaction_that_the_server_has_ended_is_the_systems_fault(
    database: asyncpg.Connection, database_url: str
) -> None:
    await database.execute(CONTACT)
    for _ in range(20):
        frozen = await asyncpg.connect(database_url)
        await frozen.execute("SET idle_in_transaction_session_timeout = 20")
        await frozen.execute("BEGIN")
        await frozen.execute("SELECT 1 FROM contacts FOR UPDATE")
        # Goes on at the very moment at which the other connection is ended.
        await database.execute("SELECT 1 FROM contacts FOR UPDATE")

        assert type(judge_failure(await provoke(frozen, ["COMMIT"]))) is AWAY


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TimeoutError(), AWAY),
        (ConnectionRefusedError(), AWAY),
        (OSError(), AWAY),
        (asyncpg.InternalClientError("another operation is in progress"), AWAY),
        (asyncio.IncompleteReadError(b"", 1), NEVER),
        (ValueError("a fault of our own"), NEVER),
        (KeyError("a fault of our own"), NEVER),
        (TryAgainError("x"), AGAIN),
        (NeverWorksError("x"), NEVER),
        (OutsideAwayError("x"), AWAY),
    ],
)
def test_every_other_error_has_its_judge(error: Exception, expected: type[Exception]) -> None:
    assert type(judge_failure(error)) is expected
