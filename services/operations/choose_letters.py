"""Which dead letters a command is about: one by its item, or all."""

import argparse
from collections.abc import AsyncIterator
from uuid import UUID

from services.operations.command_failed import CommandFailedError
from shared.broker.dead_letters import DeadLetter, DeadLetters
from shared.broker.topology import QUEUES

# Few unsettled ones at a time where each is settled before the next is looked at.
HELD = 100


def letter_options(parser: argparse.ArgumentParser) -> None:
    """Name the queue, and one letter or all."""
    parser.add_argument("queue", metavar="QUEUE", choices=QUEUES, help=", ".join(QUEUES))
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--item", type=UUID, metavar="ID", help="the one of this item")
    which.add_argument("--all", action="store_true", help="all that are there now")


async def chosen_letters(letters: DeadLetters, item: UUID | None) -> AsyncIterator[DeadLetter]:
    """Give the letters to settle; raise CommandFailedError where there is none of the item."""
    if item is None:
        async for letter in letters.read(held=HELD):
            yield letter
        return
    # All copies of it: a command that was killed in the middle may have left a second one.
    found = False
    async for letter in letters.read():
        if str(item) in letter.item_ids:
            found = True
            yield letter
    if not found:
        raise CommandFailedError(f"no dead letter of item {item} among {letters.waiting}")
