"""PostgreSQL with a clock that stands still until it is moved.

Functions are looked up along the search path, in which the folder of PostgreSQL's own comes first
unless it is named: so a schema of ours before it takes the place of `clock_timestamp()`, `now()`
and `statement_timestamp()`, without a word changed in any statement. Deadlines can be met to the
microsecond.
"""

from datetime import datetime

import asyncpg

MAKE_CLOCK = """
CREATE SCHEMA stopped;
CREATE TABLE stopped.clock (at timestamptz NOT NULL);
INSERT INTO stopped.clock VALUES (now());
CREATE FUNCTION stopped.clock_timestamp() RETURNS timestamptz
    LANGUAGE sql VOLATILE AS 'SELECT at FROM stopped.clock';
CREATE FUNCTION stopped.now() RETURNS timestamptz
    LANGUAGE sql STABLE AS 'SELECT at FROM stopped.clock';
CREATE FUNCTION stopped.statement_timestamp() RETURNS timestamptz
    LANGUAGE sql STABLE AS 'SELECT at FROM stopped.clock';
DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET search_path = stopped, pg_catalog, public',
                   current_database());
END $$;
"""

SET_CLOCK = "UPDATE stopped.clock SET at = $1"


async def stop_clock(database_url: str) -> None:
    """Put the clock in; connections made from now on live by it."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(MAKE_CLOCK)
    finally:
        await connection.close()


async def set_clock(pool: "asyncpg.Pool[asyncpg.Record]", now: datetime) -> None:
    """Move the clock."""
    await pool.execute(SET_CLOCK, now)
