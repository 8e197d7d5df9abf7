"""Purge the ledger and old files by hand; the scheduler does it every day."""

import argparse
import asyncio
from datetime import timedelta

from services.operations.show import say
from shared import config
from shared.database.pool import create_pool
from shared.environment import MOST_DAYS
from shared.tickets.purge_ledger import purge_ledger
from shared.tickets.retire_files import retire_files


def purge_options(parser: argparse.ArgumentParser) -> None:
    """Say how old, and whether that is the ledger or the files."""
    parser.add_argument(
        "--older-than", type=_days, metavar="DAYS", help="the raw JSON; LEDGER_RAW_DAYS by default"
    )
    parser.add_argument(
        "--files-older-than", type=_days, metavar="DAYS",
        help="bytes of files of tickets closed so long ago; MEDIA_KEPT_DAYS by default",
    )  # fmt: skip


def purge(env: config.Env, arguments: argparse.Namespace) -> None:
    """Take the raw JSON of old items, rows older than KEYS_DAYS, and the bytes of old files."""
    raw_kept = config.ledger_raw_kept(env)
    if arguments.older_than is not None:
        raw_kept = arguments.older_than
    media_kept = arguments.files_older_than or config.media_kept(env)
    asyncio.run(_purge(config.database_url(env), raw_kept, config.keys_kept(env), media_kept))


async def _purge(
    database_url: str, raw_kept: timedelta, keys_kept: timedelta, media_kept: timedelta | None
) -> None:
    async with await create_pool(database_url, "operations", size=1) as pool:
        purged = await purge_ledger(pool, raw_kept=raw_kept, keys_kept=keys_kept)
        retired = 0 if media_kept is None else await retire_files(pool, media_kept)
    say(f"raw JSON of {purged.raw} items older than {raw_kept.days} days was purged")
    say(f"{purged.rows} rows older than {keys_kept.days} days were deleted")
    if media_kept is not None:
        say(
            f"{retired} files of tickets closed more than {media_kept.days} days ago were given "
            "to the scheduler, which erases them"
        )


def _days(text: str) -> timedelta:
    days = int(text)
    if not 1 <= days <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"must be from 1 to {MOST_DAYS} days")
    return timedelta(days=days)
