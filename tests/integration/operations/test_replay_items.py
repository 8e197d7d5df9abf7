"""A replay of the ledger: what led to nothing is judged again, what was stored stays as it is."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from services.status_tracker.track_statuses import track_statuses
from shared.broker.topology import STATUS_TRACKER, TICKET_ROUTER
from shared.database.pool import create_pool
from shared.events import (
    ItemReceived,
    MessageReceived,
    StatusReceived,
    WebhookEvent,
    decode_event,
    open_envelope,
)
from tests.eventually import eventually
from tests.faults.envelopes import channel_to
from tests.integration.operations.conftest import Operator
from tests.routing import route_given
from tests.system import PHONE_NUMBER_ID, System
from tests.webhooks import events_of, text_message, webhook_of

PHONE = "34600111222"
GROUP: dict[str, Any] = {"group_id": "g1"}
REACTION: dict[str, Any] = {"type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": "x"}}
STATUS = {"id": "wamid.foreign", "status": "sent", "timestamp": "1795000000"}
EVER = ("--from", "2020-01-01", "--to", "2100-01-01T00:00:00Z")


def one_of_each() -> list[WebhookEvent]:
    """A message, its repetition, one of a group, a reaction, one for another number, an echo."""
    message = text_message(PHONE, "Me llamo Eulalia")
    other_number = webhook_of(text_message(PHONE, "otro"), phone_number_id="4711")
    webhook = webhook_of(
        message, message, text_message(PHONE, "grupo", **GROUP), text_message(PHONE, "", **REACTION)
    )
    return [*events_of(webhook), *events_of(other_number), *events_of({"entry": [{"id": "x"}]})]


async def ledger(database: asyncpg.Connection) -> dict[Any, tuple[str, str | None]]:
    rows = await database.fetch("SELECT item_id, outcome, reason FROM received_events")
    return {row["item_id"]: (row["outcome"], row["reason"]) for row in rows}


async def published(amqp_url: str) -> dict[str, list[Any]]:
    """Take what waits in the two queues that ingress feeds."""
    events: dict[str, list[Any]] = {TICKET_ROUTER: [], STATUS_TRACKER: []}
    async with channel_to(amqp_url) as channel:
        for queue, found in events.items():
            declared = await channel.get_queue(queue, ensure=False)
            while (message := await declared.get(no_ack=True, fail=False)) is not None:
                found += [decode_event(one) for one in open_envelope(message.body)]
    return events


async def rest(system: System) -> None:
    """Wait until the queues are empty, as far as RabbitMQ has counted (every five seconds)."""

    async def check() -> None:
        assert not any((await system.queue_lengths()).values())

    await eventually(check, every=0.3)


async def track(database_url: str, events: Sequence[WebhookEvent]) -> None:
    pool = await create_pool(database_url, "tests")
    await track_statuses(pool, PHONE_NUMBER_ID, events)
    await pool.close()


async def test_rows_are_published_as_they_came_to_the_queues_they_came_from(
    database_url: str, database: asyncpg.Connection, system: System, operator: Operator
) -> None:
    events = one_of_each()
    await route_given(database_url, events)
    (status,) = events_of(webhook_of(statuses=[STATUS]))
    await track(database_url, [status])

    answer = await operator("replay", *EVER)

    assert (answer.code, answer.errors) == (0, "")
    assert answer.text.startswith("5 items are on RabbitMQ again, 0 cannot be")
    assert "Eulalia" not in answer.text
    queues = await published(system.amqp_url)
    assert [type(event) for event in queues[STATUS_TRACKER]] == [StatusReceived]
    kinds = Counter(type(event) for event in queues[TICKET_ROUTER])
    assert kinds == {MessageReceived: 3, ItemReceived: 1}
    sent = {event.item_id: event for event in [*events, status]}
    for event in queues[TICKET_ROUTER] + queues[STATUS_TRACKER]:
        before = sent[event.item_id]
        assert event.replay
        assert (event.event_key, event.raw) == (before.event_key, before.raw)
        assert event.received_at == before.received_at
        assert event.trace_id in answer.text


async def test_a_dry_run_only_counts(
    database_url: str, system: System, database: asyncpg.Connection, operator: Operator
) -> None:
    await route_given(database_url, one_of_each())
    del operator.environment["AMQP_URL"]

    answer = await operator("replay", *EVER, "--dry-run", "--outcome", "recorded")

    assert (answer.code, answer.text.splitlines()[0].split()[:4]) == (
        0,
        ["3", "items", "would", "be"],
    )
    assert not any((await published(system.amqp_url)).values())


async def test_after_a_fix_what_was_recorded_becomes_a_ticket_and_the_rest_stays(
    database_url: str, database: asyncpg.Connection, system: System, operator: Operator
) -> None:
    """The wrong number was set, and everything was recorded as another's."""
    events = one_of_each()
    await route_given(database_url, events, phone_number_id="4711")
    before = await ledger(database)
    assert Counter(outcome for outcome, _ in before.values()) == {
        "recorded": 4, "stored": 1, "duplicate": 1,
    }  # fmt: skip
    await system.start("ticket_router")

    for _ in range(3):
        assert (await operator("replay", *EVER)).code == 0
    await rest(system)

    async def judged() -> None:
        assert await ledger(database) == expected

    expected = {
        events[0].item_id: ("stored", None),
        events[1].item_id: ("duplicate", None),
        events[2].item_id: ("refused", "group"),
        events[3].item_id: ("recorded", "reaction"),
        events[4].item_id: ("stored", None),
        events[5].item_id: ("recorded", "other"),
    }
    await eventually(judged)
    texts = await database.fetch("SELECT text FROM messages WHERE author = 'contact' ORDER BY id")
    assert [row["text"] for row in texts] == ["otro", "Me llamo Eulalia"]
    assert await database.fetchval("SELECT count(*) FROM tickets") == 1


async def test_a_replay_of_what_was_stored_changes_nothing(
    database_url: str, database: asyncpg.Connection, system: System, operator: Operator
) -> None:
    events = one_of_each()
    await route_given(database_url, events)
    rows = "SELECT * FROM received_events ORDER BY item_id"
    messages = "SELECT * FROM messages ORDER BY id"
    before = await database.fetch(rows), await database.fetch(messages)
    await system.start("ticket_router")
    named = [part for event in events[:2] for part in ("--item", event.item_id)]

    answers = [
        await operator("replay", *EVER, "--outcome", "stored", "--outcome", "duplicate"),
        await operator("replay", *named),
    ]
    await rest(system)

    assert [answer.text.split()[0] for answer in answers] == ["2", "2"]
    assert (await database.fetch(rows), await database.fetch(messages)) == before


async def test_a_redelivery_of_what_was_recorded_stays_a_no_op(
    database_url: str, database: asyncpg.Connection
) -> None:
    events = one_of_each()
    await route_given(database_url, events, phone_number_id="4711")
    before = await database.fetch("SELECT * FROM received_events ORDER BY item_id")

    await route_given(database_url, events)

    assert await database.fetch("SELECT * FROM received_events ORDER BY item_id") == before


async def test_a_replay_beside_repetitions_and_dead_copies_of_its_event_counts_once(
    database_url: str, database: asyncpg.Connection
) -> None:
    """All in one batch, in any order: one row has the key, the others are duplicates."""
    for turn in range(4):
        message = text_message(PHONE, "hola")
        recorded, dead, new = (events_of(webhook_of(message))[0] for _ in range(3))
        await route_given(database_url, [recorded], phone_number_id="4711")
        await database.execute(
            "INSERT INTO received_events VALUES ($1, $2, 'dead', 'x', now(), now(), NULL, $3)",
            *(dead.item_id, dead.event_key, dead.raw),
        )
        batch = [new, replayed(dead), recorded, replayed(recorded), replayed(recorded)]
        batch = batch[turn:] + batch[:turn]

        await route_given(database_url, batch)

        outcomes = await ledger(database)
        assert outcomes[recorded.item_id][0] == "stored", turn
        assert {outcomes[one.item_id][0] for one in (dead, new)} == {"duplicate"}
        messages = "SELECT count(*) FROM messages WHERE author = 'contact'"
        assert await database.fetchval(messages) == turn + 1


def replayed(event: WebhookEvent) -> WebhookEvent:
    return type(event)(
        event.item_id, event.event_key, event.received_at, event.raw, event.trace_id, replay=True
    )


async def test_a_status_that_waits_for_its_message_can_be_replayed(
    database_url: str, database: asyncpg.Connection, system: System, operator: Operator
) -> None:
    (status,) = events_of(webhook_of(statuses=[STATUS]))
    await track(database_url, [status])
    await system.start("status_tracker")

    for _ in range(2):
        await operator("replay", "--item", status.item_id)
    await rest(system)

    assert await ledger(database) == {status.item_id: ("recorded", "unknown message")}
    assert await database.fetchval("SELECT count(*) FROM early_statuses") == 1
    await database.execute("DELETE FROM early_statuses")
    await operator("replay", "--item", status.item_id)

    async def waits_again() -> None:
        assert await database.fetchval("SELECT count(*) FROM early_statuses") == 1

    await eventually(waits_again)


async def test_a_replay_that_fails_is_dead_and_can_be_replayed_again(
    database_url: str, database: asyncpg.Connection, system: System, operator: Operator
) -> None:
    (event,) = events_of(webhook_of(text_message(PHONE, "hola SABOTAGE")))
    await route_given(database_url, [event], phone_number_id="4711")
    bad = await system.start("ticket_router", sabotage="poison")

    await operator("replay", *EVER)
    await eventually(lambda: expect(database, event, "dead", "ValueError"))
    bad.process.terminate()
    await bad.process.wait()
    await system.start("ticket_router")
    answer = await operator("replay", *EVER, "--outcome", "dead", "--reason", "Value")

    assert answer.text.startswith("1 items")
    await eventually(lambda: expect(database, event, "stored", None))


async def expect(
    database: asyncpg.Connection, event: WebhookEvent, outcome: str, reason: str | None
) -> None:
    assert (await ledger(database))[event.item_id] == (outcome, reason)


async def test_what_was_purged_or_discarded_is_counted_and_said(
    database_url: str, database: asyncpg.Connection, system: System, operator: Operator
) -> None:
    events = one_of_each()
    await route_given(database_url, events)
    await database.execute("UPDATE received_events SET raw = NULL WHERE outcome <> 'refused'")
    await database.execute(
        "UPDATE received_events SET outcome = 'dead', reason = 'discarded: spam' "
        "WHERE outcome = 'refused'"
    )

    by_time = await operator("replay", *EVER)
    by_name = await operator("replay", "--item", events[2].item_id)

    assert (
        by_time.text.splitlines()[0] == "1 that were discarded are left out; --item brings one back"
    )
    assert "0 items are on RabbitMQ again, 3 cannot be" in by_time.text
    assert by_name.text.startswith("1 items are on RabbitMQ again")


async def test_only_the_time_that_was_asked_for_is_replayed_page_by_page(
    database_url: str, system: System, operator: Operator
) -> None:
    start = datetime(2026, 11, 23, 10, tzinfo=UTC)
    webhook = webhook_of(*(text_message(PHONE, str(n), **GROUP) for n in range(250)))
    for minute in range(3):
        at = start + timedelta(minutes=minute)
        await route_given(database_url, events_of(webhook | {"n": minute}, received_at=at))

    answer = await operator(
        "replay", "--from", "2026-11-23T10:01:00Z", "--to", "2026-11-23T11:02:00+01:00",
        "--outcome", "duplicate",
    )  # fmt: skip

    assert answer.text.startswith("250 items are")
    events = (await published(system.amqp_url))[TICKET_ROUTER]
    assert len({event.item_id for event in events}) == 250
    assert {event.received_at for event in events} == {start + timedelta(minutes=1)}


WRONG: list[tuple[str, ...]] = [
    (),
    ("--from", "2026-11-23"),
    ("--item", "019ab2c3-0000-7000-8000-000000000001", *EVER),
]


@pytest.mark.parametrize("arguments", WRONG, ids=str)
async def test_what_is_not_clear_is_said_in_one_line(
    operator: Operator, arguments: tuple[str, ...]
) -> None:
    answer = await operator("replay", *arguments)

    assert (answer.code, answer.text) == (1, "")
    assert answer.errors.startswith("operations: say which")
    assert answer.errors.count("\n") == 1


async def test_an_item_that_is_not_there_is_said(system: System, operator: Operator) -> None:
    answer = await operator("replay", "--item", "019ab2c3-0000-7000-8000-000000000001")

    assert answer.code == 1
    assert "1 of the items are not in the ledger" in answer.errors
