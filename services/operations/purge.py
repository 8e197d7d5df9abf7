"""Purge the ledger by hand; the scheduler does it every day."""

import argparse
import asyncio
from datetime import timedelta

from services.operations.show import say
from shared import config
from shared.database.pool import create_pool
from shared.environment import MOST_DAYS
from shared.tickets.purge_ledger import purge_ledger


def purge_options(parser: argparse.ArgumentParser) -> None:
    """Say how old."""
    parser.add_argument(
        "--older-than", type=_days, metavar="DAYS", help="the raw JSON; LEDGER_RAW_DAYS by default"
    )


def purge(env: config.Env, arguments: argparse.Namespace) -> None:
    """Take the raw JSON of old items, and the rows that are older than KEYS_DAYS."""
    raw_kept = config.ledger_raw_kept(env)
    if arguments.older_than is not None:
        raw_kept = arguments.older_than
    asyncio.run(_purge(config.database_url(env), raw_kept, config.keys_kept(env)))


async def _purge(database_url: str, raw_kept: timedelta, keys_kept: timedelta) -> None:
    async with await create_pool(database_url, "operations", size=1) as pool:
        purged = await purge_ledger(pool, raw_kept=raw_kept, keys_kept=keys_kept)
    say(f"raw JSON of {purged.raw} items older than {raw_kept.days} days was purged")
    say(f"{purged.rows} rows older than {keys_kept.days} days were deleted")


def _days(text: str) -> timedelta:
    days = int(text)
    if not 1 <= days <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"must be from 1 to {MOST_DAYS} days")
    return timedelta(days=days)
