"""Old raw JSON goes, much later the keys; what Meta may still send again stays known."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from shared.database.pool import create_pool
from shared.tickets import purge_ledger as purging
from shared.tickets.purge_ledger import Purged, purge_ledger
from tests.closed_tickets import ClosedTickets
from tests.eventually import eventually
from tests.integration.operations.conftest import Operator
from tests.routing import route_given
from tests.system import System
from tests.webhooks import events_of, text_message, webhook_of

PHONE = "34600111222"
AGES = (1, 80, 100, 300, 400)

# Whether rows of each age are there, and whether with their raw JSON.
FIND_ROWS = """
SELECT (now()::date - received_at::date) AS age, bool_and(raw IS NOT NULL) AS raw, count(*) AS rows
FROM received_events GROUP BY 1 ORDER BY 1
"""


async def ledger_of_all_ages(database_url: str, rows: int = 3) -> None:
    for age in AGES:
        at = datetime.now(UTC) - timedelta(days=age)
        messages = [text_message(PHONE, "Me llamo Eulalia", group_id="g") for _ in range(rows)]
        await route_given(database_url, events_of(webhook_of(*messages), received_at=at))


async def found(database: asyncpg.Connection) -> dict[int, bool]:
    return {row["age"]: row["raw"] for row in await database.fetch(FIND_ROWS)}


async def test_raw_json_goes_after_90_days_and_whole_rows_after_a_year(
    database_url: str, database: asyncpg.Connection, operator: Operator
) -> None:
    await ledger_of_all_ages(database_url)

    answer = await operator("purge")
    again = await operator("purge")

    assert (answer.code, answer.errors) == (0, "")
    assert answer.text == (
        "raw JSON of 6 items older than 90 days was purged\n"
        "3 rows older than 365 days were deleted\n"
    )
    assert await found(database) == {1: True, 80: True, 100: False, 300: False}
    assert "raw JSON of 0 items" in again.text
    assert "0 rows" in again.text


async def test_an_operator_may_take_the_raw_json_sooner_and_not_the_keys(
    database_url: str, database: asyncpg.Connection, operator: Operator
) -> None:
    await ledger_of_all_ages(database_url)
    operator.environment |= {"LEDGER_RAW_DAYS": "200", "KEYS_DAYS": "90"}

    await operator("purge", "--older-than", 60)

    assert await found(database) == {1: True, 80: False}


@pytest.mark.parametrize("days", ["29", "7", "0"])
async def test_fewer_than_30_days_for_keys_are_refused(
    database_url: str, database: asyncpg.Connection, operator: Operator, days: str
) -> None:
    await ledger_of_all_ages(database_url)
    operator.environment["KEYS_DAYS"] = days

    answer = await operator("purge")

    assert answer.code == 2
    assert "KEYS_DAYS" in answer.text
    assert set(await found(database)) == set(AGES)


async def test_a_message_whose_row_was_purged_is_still_known(
    database_url: str, database: asyncpg.Connection, operator: Operator
) -> None:
    """R14: a message keeps its own key."""
    message = text_message(PHONE, "hola")
    at = datetime.now(UTC) - timedelta(days=400)
    await route_given(database_url, events_of(webhook_of(message), received_at=at))
    await operator("purge")
    assert await found(database) == {}

    await route_given(database_url, events_of(webhook_of(message)))

    outcomes = await database.fetch("SELECT outcome FROM received_events")
    assert [row["outcome"] for row in outcomes] == ["duplicate"]
    assert await database.fetchval("SELECT count(*) FROM messages WHERE author = 'contact'") == 1


async def test_it_goes_on_in_batches_until_nothing_is_left(
    database_url: str, database: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ledger_of_all_ages(database_url, rows=25)
    monkeypatch.setattr(purging, "BATCH", 7)
    pool = await create_pool(database_url, "tests")

    purged = await purge_ledger(pool, raw_kept=timedelta(days=90), keys_kept=timedelta(days=365))

    await pool.close()
    assert purged == Purged(raw=50, rows=25)
    assert await found(database) == {1: True, 80: True, 100: False, 300: False}


async def test_the_scheduler_does_it_by_itself(
    system: System, database: asyncpg.Connection
) -> None:
    await ledger_of_all_ages(system.database_url)
    scheduler = await system.start("scheduler")

    async def done() -> None:
        assert await found(database) == {1: True, 80: True, 100: False, 300: False}
        chores = [line["chore"] for line in scheduler.events("scheduler.done")]
        assert chores.count("purge_old_items") == 1

    await eventually(done)


async def test_its_statements_walk_along_an_index(database: asyncpg.Connection) -> None:
    """However large the ledger is, only what is old is looked at."""
    await database.execute(
        """INSERT INTO received_events SELECT gen_random_uuid(), n::text, 'recorded', NULL,
           now() - n * interval '1 minute', now(), NULL, CASE WHEN n < 100000 THEN 'x'::bytea END
           FROM generate_series(1, 200000) AS n; ANALYZE received_events"""
    )
    for statement in (
        purging.PURGE_RAW, purging.DELETE_KEYS_WITH_RAW, purging.DELETE_KEYS_WITHOUT_RAW,
    ):  # fmt: skip
        plan = await database.fetch(f"EXPLAIN {statement}", timedelta(days=400), 2000)

        text = "\n".join(row[0] for row in plan)
        assert "Index Scan using received_events_with" in text
        assert "Index Cond: (received_at < " in text
        assert "Seq Scan" not in text


async def test_what_waited_for_somebody_who_never_came_goes_with_the_keys(
    database_url: str, database: asyncpg.Connection, operator: Operator
) -> None:
    change = {"type": "system", "system": {"type": "user_changed_number", "wa_id": "34600999888"}}
    mark = {"type": "reaction", "reaction": {"message_id": "wamid.nowhere", "emoji": "x"}}
    waiting = [text_message(PHONE, "") | change, text_message("34600333444", "") | mark]
    await route_given(database_url, events_of(webhook_of(*waiting)))
    count = "SELECT (SELECT count(*) FROM identity_changes), (SELECT count(*) FROM message_marks)"

    await operator("purge")
    assert tuple(await database.fetchrow(count) or ()) == (1, 1)
    await database.execute("UPDATE identity_changes SET kept_at = now() - interval '1 year 1 day'")
    await database.execute("UPDATE message_marks SET sent_at = now() - interval '1 year 1 day'")
    await operator("purge")

    assert tuple(await database.fetchrow(count) or ()) == (0, 0)


async def test_old_files_are_given_to_the_scheduler(
    tickets: ClosedTickets, operator: Operator
) -> None:
    """By the setting, or sooner by the option; without either files are not spoken of."""
    old = await tickets.file(await tickets.ticket(1, closed_for_days=100))
    newer = await tickets.file(await tickets.ticket(2, closed_for_days=20))
    answers = [await operator("purge")]
    operator.environment["MEDIA_KEPT_DAYS"] = "90"
    answers.append(await operator("purge"))
    assert await tickets.unnamed() == {old}
    answers.append(await operator("purge", "--files-older-than", 10))

    assert [answer.code for answer in answers] == [0, 0, 0]
    told = "1 files of tickets closed more than {} days ago were given to the scheduler"
    files = [answer.text.splitlines()[2:] for answer in answers]
    assert [[line.partition(",")[0] for line in lines] for lines in files] == [
        [], [told.format(90)], [told.format(10)],
    ]  # fmt: skip
    assert await tickets.unnamed() == {old, newer}
    assert tickets.kept() == {old, newer}, "a command needs no store"
