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


# What routing looks up and writes to: a server that has run for an hour has all of it in memory,
# and a database that was copied a moment ago has nothing.
WARM = """
SELECT pg_prewarm(oid) FROM pg_class
WHERE relname IN ('contacts', 'contact_addresses', 'tickets', 'messages_of_ticket')
   OR oid IN (SELECT indexrelid FROM pg_index
              WHERE indrelid IN ('contacts'::regclass, 'contact_addresses'::regclass,
                                 'tickets'::regclass))
"""


async def warm(database_url: str) -> None:
    """Bring into memory what would be there; some 500 MB where the store has grown."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
    await connection.execute(WARM)
    await connection.close()
