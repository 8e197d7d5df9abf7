"""Give up dead letters, with the reason in the ledger."""

import argparse
import asyncio
from collections import Counter
from uuid import UUID

from services.operations.choose_letters import chosen_letters, letter_options
from services.operations.command_failed import CommandFailedError
from services.operations.show import say
from shared import config
from shared.broker.connect import one_connection
from shared.broker.dead_letters import DeadLetter, dead_letters_of
from shared.database.pool import Pool, create_pool
from shared.database.transaction import transaction
from shared.events import AttachmentReceived
from shared.tickets.record_items import DISCARDED, record_discarded

LONGEST_REASON = 500


def discard_options(parser: argparse.ArgumentParser) -> None:
    """Name the letters, and why they are given up."""
    letter_options(parser)
    parser.add_argument("--reason", type=_reason, required=True, help="why; it is kept for good")


def discard_dead_letters(env: config.Env, arguments: argparse.Namespace) -> None:
    """Take dead letters out for good; the ledger keeps them, with the reason."""
    database_url, amqp_url = config.database_url(env), config.amqp_url(env)
    asyncio.run(_discard(database_url, amqp_url, arguments.queue, arguments.item, arguments.reason))


async def _discard(
    database_url: str, amqp_url: str, queue: str, item: UUID | None, reason: str
) -> None:
    outcomes: Counter[str] = Counter()
    kept = 0
    try:
        async with (
            await create_pool(database_url, "operations", size=1) as pool,
            one_connection(amqp_url) as connection,
            dead_letters_of(connection, queue) as letters,
        ):
            async for letter in chosen_letters(letters, item):
                if item is not None and len(letter.events) + letter.unreadable > 1:
                    kept += 1
                    continue
                # Written down before it is taken out: killed in between, it is only said twice.
                outcomes.update(await _write_down(pool, letter, reason))
                await letters.settle(letter)
    finally:
        say(f"{outcomes.total()} events of dead letters of {queue} were discarded")
        for outcome, count in outcomes.most_common():
            say(f"{count} {outcome}")
    if kept:
        raise CommandFailedError(
            "the letter holds other items besides: replay it, and its worker takes it apart"
        )


async def _write_down(pool: Pool, letter: DeadLetter, reason: str) -> list[str]:
    """Put the reason into the ledger; give what became of each event of the letter."""
    outcomes = ["could not be read and had no row in the ledger"] * letter.unreadable
    for event in letter.events:
        if isinstance(event, AttachmentReceived):
            outcomes.append("are hints of attachments, whose rows are due again by themselves")
            continue
        async with transaction(pool) as tx:
            outcome = await record_discarded(tx, event, f"{DISCARDED}{reason}")
        outcomes.append(
            "are dead in the ledger, with the reason"
            if outcome == "dead"
            else f"had been handled before: {outcome} in the ledger, which stays"
        )
    return outcomes


def _reason(text: str) -> str:
    words = text.strip()
    if not words or not words.isprintable() or len(words) > LONGEST_REASON:
        raise argparse.ArgumentTypeError(
            f"must say something, on one line of at most {LONGEST_REASON} characters"
        )
    return words
