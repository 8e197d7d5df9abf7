"""A database that has worked for years (`grown_store.sql`)."""

from pathlib import Path

import asyncpg

MESSAGES = 5_000_000
FIRST_MESSAGE = 1_000_000
"""The number from which on the stream of `workload` goes on where this store ends: by then it has
brought as many contacts."""

FILL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


async def grow(database_url: str) -> None:
    """Fill an empty database; minutes."""
    connection = await asyncpg.connect(database_url)
    await connection.execute(FILL)
    await connection.close()
    await analyse(database_url)


async def analyse(database_url: str) -> None:
    """Do what autovacuum would have done by then."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
