"""What the tracker makes of statuses that are odd, foreign, early, or settle a send."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from services.scheduler.expire_leases import expire_leases
from services.scheduler.resend_unknown import resend_unknown
from shared.database.pool import Pool
from shared.whatsapp.send_message import callback_data
from tests.outgoing import (
    Outgoing,
    deliveries,
    ledger,
    record_accepted,
    track,
    write_outgoing,
)
from tests.routing import route
from tests.webhooks import text_message

WAIT = timedelta(seconds=60)

LOOK_AT_ALL = """
SELECT (SELECT json_agg(messages ORDER BY id) FROM messages)::text AS messages,
       (SELECT json_agg(outbox ORDER BY message_id) FROM outbox)::text AS outbox,
       (SELECT json_agg(tickets ORDER BY id) FROM tickets)::text AS tickets,
       (SELECT json_agg(contacts ORDER BY id) FROM contacts)::text AS contacts,
       (SELECT last_status_at FROM status_traffic)::text AS traffic
"""

# As the sender leaves it when no answer came, with an agent's line waiting behind it.
LOSE_ANSWER = """
WITH lost AS (
    UPDATE outbox SET state = 'unknown', lease_until = NULL, unknown_since = $1
    RETURNING message_id, contact_id
), message AS (
    UPDATE messages SET delivery = 'unknown' FROM lost WHERE id = message_id
    RETURNING ticket_id, contact_id
), next AS (
    INSERT INTO messages (ticket_id, direction, author, kind, text, sent_at, received_at, delivery)
    SELECT ticket_id, 'outbound', 'agent', 'text', 'detrás', now(), now(), 'pending' FROM message
    RETURNING id, ticket_id
)
INSERT INTO outbox (message_id, contact_id) SELECT next.id, contact_id FROM next JOIN message
USING (ticket_id)
"""

FIND_OUTBOX = """
SELECT message_id, state, next_attempt_at IS NOT NULL AS due FROM outbox ORDER BY message_id
"""


async def look_at_all(database: asyncpg.Connection) -> dict[str, Any]:
    row = await database.fetchrow(LOOK_AT_ALL)
    assert row is not None
    return dict(row)


async def early(database: asyncpg.Connection) -> list[tuple[str, str]]:
    rows = await database.fetch("SELECT wamid, status FROM early_statuses ORDER BY item_id")
    return [(row["wamid"], row["status"]) for row in rows]


async def outbox(database: asyncpg.Connection) -> list[tuple[str, bool]]:
    return [(row["state"], row["due"]) for row in await database.fetch(FIND_OUTBOX)]


async def lose_answer(database: asyncpg.Connection, since: datetime | None = None) -> Outgoing:
    (message,) = await write_outgoing(database, wamid_known=False)
    await database.execute(LOSE_ANSWER, since or datetime.now(UTC))
    assert await outbox(database) == [("unknown", False), ("queued", False)]
    return message


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ({"status": "deleted"}, "unknown status"),
        ({"status": "nonsense"}, "unknown status"),
        ({"status": "unknown"}, "unknown status"),  # our word, not WhatsApp's
        ({"status": "undeliverable"}, "unknown status"),
        ({"status": None}, "unknown status"),
        ({"status": ["read"]}, "unknown status"),
        ({"recipient_type": "group", "recipient_participant_id": "34600"}, "group status"),
        ({"id": "wamid.foreign", "biz_opaque_callback_data": None}, "unknown message"),
        ({"id": "wamid.foreign", "biz_opaque_callback_data": "out:8f2c"}, "unknown message"),
        ({"id": "wamid.foreign", "biz_opaque_callback_data": "message:999"}, "unknown message"),
        ({"id": None, "biz_opaque_callback_data": None}, "unknown message"),
        ({"id": "", "biz_opaque_callback_data": ""}, "unknown message"),
    ],
)  # fmt: skip
async def test_a_status_that_says_nothing_of_ours_is_recorded_and_changes_nothing(
    pool: Pool, database: asyncpg.Connection, odd: dict[str, Any], reason: str
) -> None:
    """Each between two of its neighbours, which count."""
    before, message, after = await write_outgoing(database, 3)
    await track(pool, before.status("delivered"), after.status("delivered"))
    seen = await look_at_all(database)

    await track(
        pool,
        before.status("sent"),
        message.status("read", by_callback=True) | odd,
        after.status("sent"),
        received_at=datetime.now(UTC) - timedelta(minutes=1),
    )

    assert await look_at_all(database) == seen
    rows = await ledger(database)
    assert [row[:2] for row in rows[2:]] == [
        ("stored", "sent"), ("recorded", reason), ("stored", "sent"),
    ]  # fmt: skip


async def test_a_status_of_another_number_is_recorded_and_changes_nothing(
    pool: Pool, database: asyncpg.Connection
) -> None:
    """Even where it names a message of ours: another installation counts from one as well."""
    (message,) = await write_outgoing(database)
    seen = await look_at_all(database)

    statuses = [message.status("read", by_callback=True), Outgoing(999, 0).status("read")]
    await track(pool, *statuses, phone_number_id="999000999000999")

    assert await look_at_all(database) == seen
    assert [row[:2] for row in await ledger(database)] == [("recorded", "another number")] * 2
    assert await early(database) == []


async def test_a_status_of_what_a_contact_wrote_changes_nothing(
    database_url: str, pool: Pool, database: asyncpg.Connection
) -> None:
    written = text_message("34600111222", "Hola")
    await route(database_url, written)
    inbound = await database.fetchval("SELECT id FROM messages WHERE direction = 'inbound'")
    seen = await look_at_all(database)

    status = {"id": written["id"], "status": "read", "timestamp": "1795000100"}
    await track(pool, status, status | {"biz_opaque_callback_data": callback_data(inbound)})

    assert await look_at_all(database) == seen


@pytest.mark.parametrize("status", ["sent", "delivered", "read", "played", "failed"])
async def test_r16_what_was_never_sent_stays_undeliverable(
    pool: Pool, database: asyncpg.Connection, status: str
) -> None:
    messages = await write_outgoing(database, delivery="undeliverable")

    await track(pool, messages[0].status(status, by_callback=True))

    assert await deliveries(database, messages) == ["undeliverable"]


async def test_a_voice_note_that_was_played_was_read(
    pool: Pool, database: asyncpg.Connection
) -> None:
    messages = await write_outgoing(database)

    await track(pool, messages[0].status("played"))
    await track(pool, messages[0].status("delivered"))

    assert await deliveries(database, messages) == ["read"]


async def test_callback_data_outweighs_the_wamid(pool: Pool, database: asyncpg.Connection) -> None:
    """A message that was sent twice has two wamids, and its row has one of them."""
    messages = await write_outgoing(database, 2)
    named, other = messages

    await track(pool, named.status("read", by_callback=True) | {"id": other.wamid})

    assert await deliveries(database, messages) == ["read", "pending"]


async def test_a_status_with_our_data_brings_the_wamid_of_a_send_without_an_answer(
    pool: Pool, database: asyncpg.Connection
) -> None:
    (message,) = await write_outgoing(database, wamid_known=False)

    await track(pool, message.status("sent", by_callback=True))
    await track(pool, message.status("read"))

    assert await deliveries(database, [message]) == ["read"]
    assert await database.fetchval("SELECT wamid FROM messages") == message.wamid


async def test_an_early_status_is_recorded_at_first_and_stored_when_its_message_is_known(
    pool: Pool, database: asyncpg.Connection
) -> None:
    (message,) = await write_outgoing(database, wamid_known=False)
    await track(pool, message.status("delivered"), message.status("sent") | {"id": "wamid.x"})
    assert await early(database) == [(message.wamid, "delivered"), ("wamid.x", "sent")]
    assert await ledger(database) == [("recorded", "unknown message", None)] * 2

    await record_accepted(pool, [message])

    assert await deliveries(database, [message]) == ["delivered"]
    assert await early(database) == [("wamid.x", "sent")]
    assert await ledger(database) == [
        ("stored", "delivered", message.message_id),
        ("recorded", "unknown message", None),
    ]
    await track(pool, message.status("delivered"))
    assert (await ledger(database))[-1][0] == "duplicate"


async def test_one_change_of_a_delivery_is_one_line_and_a_failure_says_metas_code(
    pool: Pool, database: asyncpg.Connection
) -> None:
    """An operator sees 131026 (no WhatsApp there), though the answer to the send was 200."""
    lucky, refused, soon = await write_outgoing(database, 3)
    (late,) = await write_outgoing(database, wamid_known=False)
    why: dict[str, Any] = {"errors": [{"code": 131026, "title": "Message undeliverable"}]}
    told = [
        lucky.status("sent"), lucky.status("read"), lucky.status("failed", **why),
        refused.status("failed", **why), refused.status("sent"), soon.status("sent"),
        late.status("failed", errors=[{"code": 131026}]),
    ]  # fmt: skip

    with capture_logs() as lines:
        await track(pool, *told)
        await track(pool, *told, soon.status("delivered"))
        await record_accepted(pool, [late])

    said = [
        (line["event"], line["message_id"], line.get("state"), line.get("code"))
        for line in lines
        if line["event"].startswith("delivery.")
    ]
    assert said == [
        ("delivery.changed", lucky.message_id, "read", None),
        ("delivery.failed", refused.message_id, None, 131026),
        ("delivery.changed", soon.message_id, "sent", None),
        ("delivery.changed", soon.message_id, "delivered", None),
        ("delivery.failed", late.message_id, None, 131026),
    ]
    assert len([line for line in lines if line["event"] == "status.matched"]) == 1


@pytest.mark.parametrize("state", ["sent", "delivered", "read", "failed"])
async def test_r17_a_status_with_our_data_settles_an_unknown_send_and_then_the_next_goes(
    pool: Pool, database: asyncpg.Connection, state: str
) -> None:
    message = await lose_answer(database)

    await track(pool, message.status(state, by_callback=True))

    assert await deliveries(database, [message]) == [state]
    assert await outbox(database) == [("queued", True)]


async def test_r17_an_early_status_settles_an_unknown_send_when_its_answer_comes_after_all(
    pool: Pool, database: asyncpg.Connection
) -> None:
    """The scheduler had given its sender up; until the answer nothing of the contact goes."""
    message = await lose_answer(database)

    await track(pool, message.status("delivered"))
    assert await deliveries(database, [message]) == ["unknown"]
    assert await outbox(database) == [("unknown", False), ("queued", False)]

    await record_accepted(pool, [message])
    assert await deliveries(database, [message]) == ["delivered"]
    assert await outbox(database) == [("queued", True)]


async def test_r17_an_early_status_settles_the_second_send_of_an_unknown_message(
    pool: Pool, database: asyncpg.Connection
) -> None:
    """The late answer is of an attempt that is over; the row of the next one is settled too."""
    message = await lose_answer(database)
    await database.execute(
        "UPDATE outbox SET state = 'queued', attempts = 2, unknown_since = NULL,"
        " next_attempt_at = now() WHERE state = 'unknown'"
    )

    await track(pool, message.status("read"))
    assert await outbox(database) == [("queued", True), ("queued", False)]

    await record_accepted(pool, [message])
    assert await deliveries(database, [message]) == ["read"]
    assert await outbox(database) == [("queued", True)]


async def test_r17_a_send_that_is_proved_when_its_sender_is_given_up_is_not_unknown(
    pool: Pool, database: asyncpg.Connection
) -> None:
    """Its answer never came: it must not be sent again, nor told as unknown."""
    (message,) = await write_outgoing(database, wamid_known=False)
    await track(pool, message.status("delivered", by_callback=True))
    assert await outbox(database) == [("sending", False)], "its sender may be well"
    await database.execute("UPDATE outbox SET lease_until = now()")

    assert await expire_leases(pool) == 1

    assert await deliveries(database, [message]) == ["delivered"]
    assert await outbox(database) == []


async def test_r17_a_backlog_of_statuses_is_no_sign_of_life(
    pool: Pool, database: asyncpg.Connection
) -> None:
    """Tracked after the send was lost, but taken by ingress before it: they say nothing of it."""
    now = datetime.now(UTC)
    (other,) = await write_outgoing(database)
    lost = await lose_answer(database, since=now - WAIT - timedelta(seconds=5))

    await track(pool, other.status("sent"), received_at=now - WAIT - timedelta(seconds=10))
    assert await resend_unknown(pool, WAIT) == 0

    await track(pool, other.status("delivered"), received_at=now - timedelta(seconds=30))
    assert await resend_unknown(pool, WAIT) == 1
    assert await deliveries(database, [other, lost]) == ["delivered", "unknown"]


async def test_r17_statuses_of_nobody_are_no_sign_of_life(
    pool: Pool, database: asyncpg.Connection
) -> None:
    """Another system on the same number may be well while ours gets no statuses at all."""
    await lose_answer(database, since=datetime.now(UTC) - WAIT - timedelta(seconds=5))

    await track(pool, Outgoing(999, 0).status("sent"))

    assert await resend_unknown(pool, WAIT) == 0
