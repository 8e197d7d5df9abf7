"""Every order of statuses, cut into batches in every way, each status many times (R14, R15).

All storms of one test blow at once, each over a message of its own: one batch holds what its
contacts' storms have at that place.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise, permutations
from typing import Any

import asyncpg
import pytest

from shared.database.pool import Pool
from tests.outgoing import Outgoing, deliveries, record_accepted, track, write_outgoing

# From the least to the most: written down here once more, apart from the rule that is tested.
RANKS = ["pending", "sent", "failed", "delivered", "read"]
STATES = RANKS[1:]

# Only a sender that is given up leaves its message to the statuses.
END_LEASES = "UPDATE outbox SET lease_until = now()"

Parts = tuple[tuple[str, ...], ...]


def _cuts(order: tuple[str, ...]) -> Iterator[Parts]:
    """Give every way in which an order can arrive in batches."""
    for count in range(len(order)):
        for places in combinations(range(1, len(order)), count):
            edges = [0, *places, len(order)]
            yield tuple(order[a:b] for a, b in pairwise(edges))


STORMS: list[Parts] = [
    parts
    for size in range(1, len(STATES) + 1)
    for chosen in combinations(STATES, size)
    for order in permutations(chosen)
    for parts in _cuts(order)
]
LONGEST = len(STATES)


def _furthest(states: Sequence[str]) -> str:
    return max(["pending", *states], key=RANKS.index)


def _told(storm: Parts, batches: int) -> list[str]:
    return [state for part in storm[:batches] for state in part]


async def _blow(pool: Pool, messages: Sequence[Outgoing], place: int, **known_by: bool) -> None:
    """Let the batch at this place arrive: each status twice in it, and once more behind it."""
    statuses: list[dict[str, Any]] = [
        message.status(state, **known_by)
        for message, storm in zip(messages, STORMS, strict=True)
        for state in (storm[place] if place < len(storm) else ())
    ]
    if statuses:
        await track(pool, *statuses, *statuses)
        await track(pool, *statuses)


def test_the_storms_are_complete() -> None:
    whole = [storm for storm in STORMS if len(_told(storm, LONGEST)) == LONGEST]

    assert len({tuple(_told(storm, LONGEST)) for storm in whole}) == 24
    assert len(whole) == 24 * 8
    assert len(set(STORMS)) == len(STORMS) == 316


@pytest.mark.parametrize(
    ("wamid_recorded", "known_by"),
    [
        (True, {"by_wamid": True, "by_callback": False}),
        (True, {"by_wamid": True, "by_callback": True}),
        (False, {"by_wamid": True, "by_callback": True}),
        (False, {"by_wamid": False, "by_callback": True}),
    ],
    ids=["wamid", "both", "both-before-the-answer", "callback-before-the-answer"],
)
async def test_after_each_batch_a_message_is_where_the_furthest_status_says(
    pool: Pool, database: asyncpg.Connection, wamid_recorded: bool, known_by: dict[str, bool]
) -> None:
    messages = await write_outgoing(database, len(STORMS), wamid_known=wamid_recorded)

    for place in range(LONGEST):
        await _blow(pool, messages, place, **known_by)

        assert await deliveries(database, messages) == [
            _furthest(_told(storm, place + 1)) for storm in STORMS
        ]

    await _each_status_counted_once(database)


async def test_statuses_before_the_record_of_the_send_count_from_that_record_on(
    pool: Pool, database: asyncpg.Connection
) -> None:
    """The answer is recorded before, between or after the batches, each at some of the storms."""
    messages = await write_outgoing(database, len(STORMS), wamid_known=False)
    for place in range(LONGEST + 1):
        answered = [one for n, one in enumerate(messages) if n % (LONGEST + 1) == place]
        await record_accepted(pool, answered)
        await _blow(pool, messages, place, by_wamid=True)

        assert await deliveries(database, messages) == [
            _furthest(_told(storm, place + 1)) if n % (LONGEST + 1) <= place else "pending"
            for n, storm in enumerate(STORMS)
        ]

    await _each_status_counted_once(database)
    assert await database.fetchval("SELECT count(*) FROM outbox") == 0


async def test_statuses_by_wamid_alone_count_once_another_brings_our_callback_data(
    pool: Pool, database: asyncpg.Connection
) -> None:
    """R17: the answer is lost for good; only the last batch says whose statuses these are."""
    messages = await write_outgoing(database, len(STORMS), wamid_known=False)
    for place in range(LONGEST):
        await _blow(pool, messages, place, by_wamid=True)
        assert set(await deliveries(database, messages)) == {"pending"}
    await database.execute(END_LEASES)

    last = [
        one.status(storm[-1][-1], by_callback=True, timestamp="1795000999")
        for one, storm in zip(messages, STORMS, strict=True)
    ]
    await track(pool, *last)

    assert await deliveries(database, messages) == [
        _furthest(_told(storm, LONGEST)) for storm in STORMS
    ]
    await _each_status_counted_once(database, and_besides=len(STORMS))


async def _each_status_counted_once(database: asyncpg.Connection, and_besides: int = 0) -> None:
    """Hold the ledger against what was sent: nothing waits, repetitions are duplicates."""
    statuses = sum(len(_told(storm, LONGEST)) for storm in STORMS)
    outcomes = await database.fetch(
        "SELECT outcome, count(*) FROM received_events GROUP BY outcome ORDER BY outcome"
    )

    assert [tuple(row) for row in outcomes] == [
        ("duplicate", 2 * statuses),
        ("stored", statuses + and_besides),
    ]
    assert await database.fetchval("SELECT count(*) FROM early_statuses") == 0
