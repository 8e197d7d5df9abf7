"""List the dead letters of a queue, and leave them as they are."""

import argparse
import asyncio
from collections import Counter

from services.operations.show import say, show_table
from shared import config
from shared.broker.connect import one_connection
from shared.broker.dead_letters import MOST_HELD, DeadLetter, dead_letters_of
from shared.broker.topology import QUEUES
from shared.events import AttachmentReceived

HEAD = ("item", "kind", "buried at", "delivered", "origin", "error", "reason")
USUAL_LIMIT = 1000


def list_options(parser: argparse.ArgumentParser) -> None:
    """Name the queue, and how many to show."""
    parser.add_argument("queue", metavar="QUEUE", choices=QUEUES, help=", ".join(QUEUES))
    parser.add_argument(
        "--limit", type=_limit, default=USUAL_LIMIT, help=f"show so many, {USUAL_LIMIT} by default"
    )


def list_dead_letters(env: config.Env, arguments: argparse.Namespace) -> None:
    """Show what a queue's workers could not handle; nothing is changed by looking."""
    asyncio.run(_list(config.amqp_url(env), arguments.queue, arguments.limit))


async def _list(amqp_url: str, queue: str, limit: int) -> None:
    rows: list[tuple[str, ...]] = []
    reasons: Counter[str] = Counter()
    async with (
        one_connection(amqp_url) as connection,
        dead_letters_of(connection, queue) as letters,
    ):
        waiting = letters.waiting
        async for letter in letters.read():
            reasons[letter.reason] += 1
            rows += _rows(letter)
            if reasons.total() == limit:
                break
    say(f"{waiting} dead letters of {queue}")
    if rows:
        show_table(HEAD, rows)
        for reason, count in reasons.most_common():
            say(f"{count} times: {reason}")
    shown = reasons.total()
    if shown < min(limit, waiting):
        say(f"{min(limit, waiting) - shown} more are held by another command")
    elif shown < waiting:
        say(f"{waiting - shown} more (--limit)")


def _rows(letter: DeadLetter) -> list[tuple[str, ...]]:
    """Give a line for each event of a letter."""
    rest = (letter.buried_at, letter.delivered, letter.origin, letter.error, letter.reason)
    named = [
        (
            str(event.item_id),
            f"attachment {event.attachment_id}"
            if isinstance(event, AttachmentReceived)
            else str(event.__struct_config__.tag),
            *rest,
        )
        for event in letter.events
    ]
    return [*named, *([("cannot be read", "", *rest)] * letter.unreadable)]


def _limit(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST_HELD:
        raise argparse.ArgumentTypeError(f"must be from 1 to {MOST_HELD}")
    return number
