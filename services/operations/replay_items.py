"""Put items of the ledger on RabbitMQ again, to be judged by the present code."""

import argparse
import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.operations.command_failed import CommandFailedError
from services.operations.forget_attempts import forget_attempts
from services.operations.read_time import read_time
from services.operations.show import say, show_table
from shared import config
from shared.broker.connect import one_connection
from shared.broker.publish import Publisher
from shared.broker.topology import STATUS_TRACKER, TICKET_ROUTER
from shared.database.pool import Pool, create_pool
from shared.events import ItemReceived, MessageReceived, StatusReceived, encode_event
from shared.service import Service
from shared.tickets.record_items import DISCARDED
from shared.whatsapp.split_webhook import ItemKind, kind_of

BATCH = 200
OUTCOMES = ("recorded", "refused", "dead", "stored", "duplicate")
# What a time asks for by itself: the others led to something, and a replay changes nothing.
COUNT_ANEW = ("recorded", "refused", "dead")

_EVENTS: dict[ItemKind, tuple[str, type[MessageReceived | StatusReceived | ItemReceived]]] = {
    "message": (TICKET_ROUTER, MessageReceived),
    "status": (STATUS_TRACKER, StatusReceived),
    "other": (TICKET_ROUTER, ItemReceived),
}

FIND_NAMED = """
SELECT item_id, event_key, outcome, received_at, raw FROM received_events
WHERE item_id = ANY($1::uuid[]) AND outcome = ANY($2::text[])
  AND ($3::text IS NULL OR strpos(reason, $3) > 0)
"""

# Page by page, in the order of the index of those that have their raw JSON. Whom an operator has
# given up, only a name brings back.
FIND_BY_TIME = """
SELECT item_id, event_key, outcome, received_at, raw FROM received_events
WHERE raw IS NOT NULL AND received_at >= $1 AND received_at < $2
  AND (received_at, item_id) > ($3::timestamptz, $4::uuid)
  AND outcome = ANY($5::text[]) AND ($6::text IS NULL OR strpos(reason, $6) > 0)
  AND NOT (outcome = 'dead' AND coalesce(starts_with(reason, $7), false))
ORDER BY received_at, item_id LIMIT $8
"""

COUNT_PURGED = """
SELECT outcome, count(*) AS items FROM received_events
WHERE raw IS NULL AND received_at >= $1 AND received_at < $2
  AND outcome = ANY($3::text[]) AND ($4::text IS NULL OR strpos(reason, $4) > 0)
GROUP BY outcome
"""

COUNT_DISCARDED = """
SELECT count(*) FROM received_events
WHERE raw IS NOT NULL AND received_at >= $1 AND received_at < $2
  AND outcome = 'dead' AND starts_with(reason, $3)
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rows that a replay is about: by name, or by the time at which ingress took them."""

    items: Sequence[UUID]
    since: datetime | None
    until: datetime | None
    outcomes: Sequence[str]
    reason: str | None


@dataclass(slots=True)
class _Done:
    replayed: Counter[str]
    purged: Counter[str]


def replay_options(parser: argparse.ArgumentParser) -> None:
    """Say which rows."""
    parser.add_argument(
        "--item", type=UUID, action="append", default=[], metavar="ID", help="may be repeated"
    )
    for name in ("from", "to"):
        parser.add_argument(
            f"--{name}", type=read_time, metavar="TIME", help="when ingress took it, RFC 3339"
        )
    parser.add_argument(
        "--outcome",
        action="append",
        choices=OUTCOMES,
        help="what became of it; may be repeated (by time, without it: "
        + ", ".join(COUNT_ANEW)
        + "; what was stored, or is a duplicate, stays as it is in any case)",
    )
    parser.add_argument("--reason", metavar="TEXT", help="what its reason holds")
    parser.add_argument("--dry-run", action="store_true", help="only say how many there are")


def replay_items(env: config.Env, arguments: argparse.Namespace) -> None:
    """Give items of the ledger to the workers again; safe any number of times."""
    since, until = getattr(arguments, "from"), arguments.to
    by_time = since is not None and until is not None
    if bool(arguments.item) == by_time or (since is None) != (until is None):
        raise CommandFailedError("say which: --item ID (one or more), or --from TIME --to TIME")
    outcomes = arguments.outcome or (OUTCOMES if arguments.item else COUNT_ANEW)
    wanted = Wanted(arguments.item, since, until, outcomes, arguments.reason)
    amqp_url = None if arguments.dry_run else config.amqp_url(env)
    asyncio.run(_replay(config.database_url(env), amqp_url, wanted))


async def _replay(database_url: str, amqp_url: str | None, wanted: Wanted) -> None:
    """Publish batch by batch, each confirmed before the next is read."""
    done = _Done(Counter(), Counter())
    trace_id = secrets.token_hex(16)
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(
            await create_pool(database_url, "operations", size=1)
        )
        publisher: Publisher | None = None
        if amqp_url is not None:
            publisher = Publisher(amqp_url, Service())
            await publisher.open_channel(await stack.enter_async_context(one_connection(amqp_url)))
        try:
            async for rows in _find(pool, wanted):
                await _publish(
                    pool, publisher, [row for row in rows if row["raw"] is not None], trace_id
                )
                done.replayed.update(row["outcome"] for row in rows if row["raw"] is not None)
                done.purged.update(row["outcome"] for row in rows if row["raw"] is None)
            await _count_the_rest(pool, wanted, done)
        finally:
            _tell(done, trace_id, dry_run=publisher is None)
    missing = len(set(wanted.items)) - done.replayed.total() - done.purged.total()
    if wanted.items and missing:
        raise CommandFailedError(f"{missing} of the items are not in the ledger, or were not meant")


async def _find(pool: Pool, wanted: Wanted) -> AsyncIterator[list[asyncpg.Record]]:
    if wanted.items:
        yield await pool.fetch(FIND_NAMED, wanted.items, wanted.outcomes, wanted.reason)
        return
    place, last = wanted.since, UUID(int=0)
    while True:
        rows = await pool.fetch(
            FIND_BY_TIME, wanted.since, wanted.until, place, last, wanted.outcomes, wanted.reason,
            DISCARDED, BATCH,
        )  # fmt: skip
        if not rows:
            return
        yield rows
        place, last = rows[-1]["received_at"], rows[-1]["item_id"]


async def _publish(
    pool: Pool, publisher: Publisher | None, rows: Sequence[asyncpg.Record], trace_id: str
) -> None:
    if publisher is None or not rows:
        return
    await forget_attempts(pool, [row["item_id"] for row in rows])
    queues: dict[str, list[bytes]] = {TICKET_ROUTER: [], STATUS_TRACKER: []}
    for row in rows:
        queue, event = _EVENTS[kind_of(row["raw"])]
        queues[queue].append(
            encode_event(
                event(
                    item_id=row["item_id"],
                    event_key=row["event_key"],
                    received_at=row["received_at"],
                    raw=row["raw"],
                    trace_id=trace_id,
                    replay=True,
                )
            )
        )
    for queue, events in queues.items():
        await publisher.publish(queue, events, trace_id)


async def _count_the_rest(pool: Pool, wanted: Wanted, done: _Done) -> None:
    """Count what a time asked for and could not have."""
    if wanted.items:
        return
    rows = await pool.fetch(
        COUNT_PURGED, wanted.since, wanted.until, wanted.outcomes, wanted.reason
    )
    done.purged.update({row["outcome"]: row["items"] for row in rows})
    discarded = await pool.fetchval(COUNT_DISCARDED, wanted.since, wanted.until, DISCARDED)
    if discarded and "dead" in wanted.outcomes:
        say(f"{discarded} that were discarded are left out; --item brings one back")


def _tell(done: _Done, trace_id: str, *, dry_run: bool) -> None:
    total, purged = done.replayed.total(), done.purged.total()
    say(
        f"{total} items {'would be' if dry_run else 'are'} on RabbitMQ again, "
        f"{purged} cannot be: their raw JSON was purged"
    )
    if total or purged:
        show_table(
            ("outcome so far", "replayed", "purged"),
            [
                (outcome, done.replayed[outcome], done.purged[outcome])
                for outcome in OUTCOMES
                if done.replayed[outcome] or done.purged[outcome]
            ],
        )
    if total and not dry_run:
        say(f"trace_id {trace_id}")
