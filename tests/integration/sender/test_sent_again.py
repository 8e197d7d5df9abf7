"""Sending again, in the orders in which statuses, answers and deaths of senders can come."""

from datetime import timedelta
from time import monotonic

import asyncpg

from services.scheduler.expire_leases import expire_leases
from services.sender.claim_probe import claim_probe, give_probe_back
from services.sender.record_outcomes import Sent, record_outcomes
from services.sender.send_outbox import SendOutbox
from services.sender.settings import Settings
from services.sender.take_messages import take_messages
from shared.database.pool import Pool
from shared.database.transaction import transaction
from shared.service import Service
from shared.tickets.lock_contacts import READ_CLOCK
from shared.tickets.read_channel import read_channel
from shared.tickets.slow_channel import slow_channel
from shared.tickets.stop_channel import Refusal, stop_channel
from shared.whatsapp.error_codes import STOP, rule_of
from shared.whatsapp.send_message import Accepted, GraphApi, Refused
from tests.integration.sender.waiting import grace, write_waiting
from tests.outgoing import Outgoing, deliveries, record_accepted, track, write_outgoing

SETTINGS = Settings(
    database_url="",
    graph_url="",
    access_token="token",
    phone_number_id="700",
    messages_per_second=80,
    keeps_pair_limit=True,
    grace=grace,
    templates={},
    read_marks=True,
    store_url="",
)
PASSES = [{"code": 131000, "title": "x"}]
OUTBOX = "SELECT message_id, state, attempts, next_attempt_at FROM outbox ORDER BY message_id"


async def outbox(database: asyncpg.Connection) -> list[tuple[int, str]]:
    return [(r["message_id"], r["state"]) for r in await database.fetch(OUTBOX)]


def failed(m: Outgoing, code: int = 131000, **more: object) -> dict[str, object]:
    errors = [{"code": code, "title": "x"}]
    return m.status("failed", by_wamid="id" not in more, by_callback=True, errors=errors, **more)


async def stop(pool: Pool) -> None:
    async with transaction(pool) as tx:
        now = await tx.connection.fetchval(READ_CLOCK)
        await stop_channel(tx, Refusal(STOP, 190, 401, now), now)


async def test_failed_then_sent_before_the_answer_is_recorded(
    pool: Pool, database: asyncpg.Connection
) -> None:
    (m,) = await write_outgoing(database, wamid_known=False)
    await track(pool, failed(m))
    await track(pool, m.status("sent", by_callback=True))
    await record_accepted(pool, [m])
    assert await outbox(database) == [(m.message_id, "queued")], await deliveries(database, [m])


async def test_failed_and_sent_in_one_batch_before_the_answer_is_recorded(
    pool: Pool, database: asyncpg.Connection
) -> None:
    (m,) = await write_outgoing(database, wamid_known=False)
    await track(pool, m.status("sent", by_callback=True), failed(m))
    await record_accepted(pool, [m])
    assert await outbox(database) == [(m.message_id, "queued")], await deliveries(database, [m])


async def test_sent_then_failed_while_the_sender_dies(
    pool: Pool, database: asyncpg.Connection
) -> None:
    (m,) = await write_outgoing(database, wamid_known=False)
    await track(pool, m.status("sent", by_callback=True))
    await track(pool, failed(m))
    await database.execute("UPDATE outbox SET lease_until = now() - interval '1 second'")
    await expire_leases(pool)
    assert await outbox(database) == [(m.message_id, "queued")], await deliveries(database, [m])


async def test_an_older_wamids_failure_sends_no_third_copy(
    pool: Pool, database: asyncpg.Connection
) -> None:
    (m,) = await write_outgoing(database, delivery="sent")
    old = m.status("failed", by_wamid=False, by_callback=True, id="wamid.lost", errors=PASSES)
    await track(pool, old)
    assert await outbox(database) == []
    wamid = await database.fetchval("SELECT wamid FROM messages WHERE id = $1", m.message_id)
    assert wamid == m.wamid


async def test_two_wamids_of_a_message_fail_in_one_batch(
    pool: Pool, database: asyncpg.Connection
) -> None:
    (m,) = await write_outgoing(database)
    await database.execute("UPDATE messages SET send_attempts = 2")
    other = m.status("failed", by_wamid=False, by_callback=True, id="wamid.lost", errors=PASSES)
    await track(pool, other, failed(m))
    assert await outbox(database) == [(m.message_id, "queued")], await deliveries(database, [m])


async def test_delivered_after_failed_counts_in_either_order(
    pool: Pool, database: asyncpg.Connection
) -> None:
    (m,) = await write_outgoing(database)
    await track(pool, failed(m))
    await track(pool, m.status("delivered", by_callback=True))
    assert await deliveries(database, [m]) == ["delivered"]
    assert await outbox(database) == []


async def test_tries_that_the_channel_refused_do_not_use_up_a_messages_own(
    pool: Pool, database: asyncpg.Connection
) -> None:
    w = await write_waiting(database, messages=1)
    for _ in range(8):
        await database.execute("DELETE FROM contact_paces")
        await database.execute("UPDATE outbox SET next_attempt_at = now()")
        (t,) = await take_messages(pool, 10, grace)
        await record_outcomes(pool, [Sent(t, Refused(STOP, 401, 190), 1.0)])
    await database.execute("DELETE FROM contact_paces")
    (t,) = await take_messages(pool, 10, grace)
    await record_outcomes(pool, [Sent(t, Refused(rule_of(131000), 500, 131000), 1.0)])
    said = await database.fetchval("SELECT delivery FROM messages WHERE id=$1", w.messages[0])
    assert said == "pending", said


async def test_a_row_behind_a_head_that_waits_starves_nobody(
    pool: Pool, database: asyncpg.Connection
) -> None:
    await write_waiting(database, messages=2)
    (a,) = await take_messages(pool, 1, grace, keeps_pair_limit=False)
    await record_outcomes(pool, [Sent(a, Accepted("wamid.a"), 1.0)])
    (b,) = await take_messages(pool, 1, grace, keeps_pair_limit=False)
    await track(pool, failed(Outgoing(a.message_id, a.contact_id), 131064, id="wamid.a"))
    await record_outcomes(pool, [Sent(b, Refused(STOP, 401, 190), 1.0)])
    other = await write_waiting(database, messages=1)
    rows = await database.fetch(OUTBOX)
    taken = [one.message_id for one in await take_messages(pool, 1, grace, is_probe=True)]
    assert taken == other.messages, [dict(r) for r in rows]


async def test_a_second_failure_of_the_contact_keeps_the_heads_delay(
    pool: Pool, database: asyncpg.Connection
) -> None:
    w = await write_waiting(database, messages=2)
    for name in ("a", "b"):
        (t,) = await take_messages(pool, 1, grace)
        await record_outcomes(pool, [Sent(t, Accepted(f"wamid.{name}"), 1.0)])
    a, b = (Outgoing(one, w.contact_id) for one in w.messages)
    await track(pool, failed(a, 131064, id="wamid.a"))
    before = (await database.fetch(OUTBOX))[0]["next_attempt_at"]
    await track(pool, failed(b, 131064, id="wamid.b"))
    after = (await database.fetch(OUTBOX))[0]["next_attempt_at"]
    assert after >= before, before - after


async def test_after_a_resumption_nothing_waits_for_the_stop(
    pool: Pool, database: asyncpg.Connection
) -> None:
    (m,) = await write_outgoing(database)
    await track(pool, failed(m, 131048))
    due, now = (await database.fetch("SELECT next_attempt_at, now() FROM outbox"))[0]
    assert due <= now, due - now


async def test_the_hourly_limit_is_backed_off_from(
    pool: Pool, database: asyncpg.Connection
) -> None:
    rule = rule_of(80007)
    now = await database.fetchval(READ_CLOCK)
    times = []
    for _ in range(6):
        async with transaction(pool) as tx:
            await slow_channel(tx, Refusal(rule, 80007, 400, now), now)
        channel = await read_channel(pool)
        assert channel.throttle is not None
        times.append(channel.throttle.times)
        now = channel.throttle.paused_until + timedelta(seconds=1)
    assert times == [1, 2, 3, 4, 5, 6]


async def test_what_old_code_sent_was_tried_before(
    pool: Pool, database: asyncpg.Connection
) -> None:
    (m,) = await write_outgoing(database)  # send_attempts = 0, as old code leaves it
    await track(pool, failed(m))
    assert (await database.fetch(OUTBOX))[0]["attempts"] > 0


async def test_a_frozen_sender_gives_back_only_its_own_claim(
    pool: Pool, database: asyncpg.Connection
) -> None:
    await stop(pool)
    await database.execute("UPDATE channel SET probe_at = now()")
    claim = await claim_probe(pool)
    assert claim is not None
    later = await database.fetchval(
        "UPDATE channel SET probe_at = now() + interval '1 hour' RETURNING probe_at"
    )  # another sender has tried meanwhile
    await give_probe_back(pool, claim)
    assert (await read_channel(pool)).probe_at == later


class CountingGraph(GraphApi):
    """Counts what would leave."""

    sends = 0

    async def send_text(self, *_: object) -> Accepted:
        self.sends += 1
        return Accepted("wamid.late")


async def test_a_thawed_sender_does_not_send_what_was_given_up(
    pool: Pool, database: asyncpg.Connection
) -> None:
    await write_waiting(database, messages=1)
    (taken,) = await take_messages(pool, 1, grace)
    graph = CountingGraph("http://127.0.0.1:9", "token", "700")
    sender = SendOutbox(pool, graph, SETTINGS, Service())

    await sender._send(taken, monotonic() - 600, monotonic() - 1)

    assert graph.sends == 0
