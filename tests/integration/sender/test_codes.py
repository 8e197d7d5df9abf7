"""What became of the message, of its contact and of the channel, for each code of the Cloud API.

A sender sends to the simulator, which refuses the first message of a contact; a second message
waits behind it, and another contact writes, too.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import asyncpg
import pytest

from services.sender.record_outcomes import Sent, record_outcomes
from services.sender.take_messages import Taken, take_messages
from services.whatsapp_simulator.graph_errors import ERRORS
from shared.database.pool import Pool
from shared.tickets.read_channel import Channel, read_channel
from shared.whatsapp.error_codes import RULES
from shared.whatsapp.send_message import GraphApi, Outcome
from tests.eventually import eventually
from tests.integration.sender.waiting import Waiting, grace, write_waiting
from tests.system import ACCESS_TOKEN, PHONE_NUMBER_ID, System

# One of each family that differs in nothing; each single code's rule is in tests/unit/whatsapp.
PERMISSIONS = {*range(200, 300)} - {200, 299}
CODES = sorted(ERRORS.keys() - PERMISSIONS)

FIND_WAITS = """
SELECT message_id, extract(epoch FROM next_attempt_at - clock_timestamp())::float8 AS waits
FROM outbox
"""
MAKE_DUE = """
WITH forgotten AS (DELETE FROM contact_paces)
UPDATE outbox SET next_attempt_at = now() - interval '1 second' WHERE next_attempt_at IS NOT NULL
"""
BEGIN_ANEW = """
DELETE FROM outbox; DELETE FROM channel; INSERT INTO channel DEFAULT VALUES
"""


@dataclass(frozen=True)
class Aftermath:
    """What was left behind."""

    delivery: str
    """Of the message that was refused."""
    waits_seconds: float | None
    """How long it waits; None: it does not wait any more."""
    next_may_go: bool
    """The contact's next message has a due time."""
    channel: Channel


@pytest.fixture
async def graph(system: System) -> AsyncIterator[GraphApi]:
    system.environment["SIMULATOR_WEBHOOK_URL"] = "http://127.0.0.1:9/webhook"
    await system.start("whatsapp_simulator")
    url = system.simulator_url.removesuffix("/simulator") + "/v25.0"
    async with GraphApi(url, ACCESS_TOKEN, PHONE_NUMBER_ID) as graph:
        yield graph


async def send(pool: Pool, graph: GraphApi, taken: Sequence[Taken]) -> list[Outcome]:
    outcomes = [await graph.send_text(one.recipient, one.text, one.message_id) for one in taken]
    await record_outcomes(
        pool, [Sent(one, said, 1.0) for one, said in zip(taken, outcomes, strict=True)]
    )
    return outcomes


async def look(database: asyncpg.Connection, pool: Pool, waiting: Waiting) -> Aftermath:
    first, second = waiting.messages
    rows = {row["message_id"]: row for row in await database.fetch(FIND_WAITS)}
    return Aftermath(
        await database.fetchval("SELECT delivery FROM messages WHERE id = $1", first),
        rows[first]["waits"] if first in rows else None,
        rows[second]["waits"] is not None,
        await read_channel(pool),
    )


def expected_of(code: int) -> tuple[str, bool, bool, str]:
    """Give the message's delivery, whether it waits, whether the next one may go, the channel."""
    match RULES[code].action:
        case "fail":
            return "failed", False, True, "open"
        case "window":
            return "undeliverable", False, True, "open"
        case "stop":
            return "pending", True, False, "stopped"
        case "slow":
            return "pending", True, False, "slowed"
        case "retry":
            return "pending", True, False, "open"


async def test_a_code_says_what_becomes_of_the_message_its_contact_and_the_channel(
    system: System, database: asyncpg.Connection, pool: Pool, graph: GraphApi
) -> None:
    found = {}
    for code in CODES:
        waiting = await write_waiting(database, messages=2)
        await system.behave(fail_next=[{"code": code}])
        (taken,) = await take_messages(pool, 10, grace)
        assert taken.message_id == waiting.messages[0]

        await send(pool, graph, [taken])

        after = await look(database, pool, waiting)
        waits = after.waits_seconds
        found[code] = after.delivery, waits is not None, after.next_may_go, after.channel.state
        if RULES[code].action == "retry":
            assert waits is not None
            assert RULES[code].first_seconds - 1 < waits <= RULES[code].first_seconds
        if after.channel.state == "stopped":
            said = after.channel.stop_code, after.channel.stop_status
            assert said == (code, ERRORS[code][0])
        assert after.channel.is_paused == (after.channel.state == "slowed")
        await database.execute(BEGIN_ANEW)

    assert found == {code: expected_of(code) for code in CODES}


async def test_a_code_that_may_be_the_messages_own_fault_fails_it_in_the_end(
    system: System, database: asyncpg.Connection, pool: Pool, graph: GraphApi
) -> None:
    """However often it is tried, it does not block its contact for ever."""
    limited = {code: rule.most_attempts for code, rule in RULES.items() if rule.most_attempts}
    assert {1, 131000} <= limited.keys()
    for code, most in limited.items():
        waiting = await write_waiting(database, messages=2)
        await system.behave(fail_next=[{"code": code, "times": most}])

        for attempt in range(1, most + 1):
            await database.execute(MAKE_DUE)
            (taken,) = await take_messages(pool, 10, grace)
            assert (taken.message_id, taken.attempt) == (waiting.messages[0], attempt)
            await send(pool, graph, [taken])

        after = await look(database, pool, waiting)
        assert (after.delivery, after.next_may_go) == ("failed", True)
        await database.execute(BEGIN_ANEW)


async def test_the_pair_limit_slows_its_contact_and_nobody_else(
    system: System, database: asyncpg.Connection, pool: Pool, graph: GraphApi
) -> None:
    await write_waiting(database, messages=2)
    other = await write_waiting(database, messages=1)
    await system.behave(fail_next=[{"code": 131056}])

    await send(pool, graph, await take_messages(pool, 1, grace))

    assert [one.message_id for one in await take_messages(pool, 10, grace)] == other.messages


async def test_a_volley_of_throttled_messages_slows_the_number_once(
    system: System, database: asyncpg.Connection, pool: Pool, graph: GraphApi
) -> None:
    for _ in range(5):
        await write_waiting(database, messages=1)
    await system.behave(fail_next=[{"code": 130429, "times": 5}])

    for one in await take_messages(pool, 10, grace):
        await send(pool, graph, [one])

    channel = await read_channel(pool)
    assert channel.throttle is not None
    assert (channel.throttle.times, channel.throttle.share) == (1, 0.5)

    async def resumed() -> None:
        assert not (await read_channel(pool)).is_paused

    await eventually(resumed)
    await system.behave(fail_next=[{"code": 130429}])
    taken = await take_messages(pool, 10, grace)
    assert len(taken) == 5, "the messages of the volley are the first to go"
    await send(pool, graph, taken)
    channel = await read_channel(pool)
    assert channel.throttle is not None
    assert (channel.throttle.times, channel.throttle.share < 0.4) == (2, True)


async def test_what_was_under_way_when_the_channel_stopped_does_not_count_as_a_try(
    system: System, database: asyncpg.Connection, pool: Pool, graph: GraphApi
) -> None:
    for _ in range(5):
        await write_waiting(database, messages=1)
    await system.behave(fail_next=[{"code": 190, "times": 5}])
    first, *others = await take_messages(pool, 10, grace)
    await send(pool, graph, [first])
    stopped = await read_channel(pool)

    for one in others:
        await send(pool, graph, [one])

    assert (await read_channel(pool)).probe_at == stopped.probe_at
