"""The one way in which a process talks to PostgreSQL."""

from collections.abc import Mapping
from typing import TypeAlias

import asyncpg

from shared.log import failure, log
from shared.service import Service

# In quotes: asyncpg's classes take type arguments in its stubs only.
Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

# A frozen worker (SIGSTOP, a paused container) holds its row locks until the server ends its
# transaction; others must go on within five seconds.
IDLE_IN_TRANSACTION_SECONDS = 3
LOCK_SECONDS = 10
STATEMENT_SECONDS = 20
# The client's own limit notices a connection that is half open, which the server's cannot.
COMMAND_SECONDS = 30

WATCH_SECONDS = 2.0
AWAY = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""What asyncpg raises where the database does not answer or refuses."""

# Sizes by service; times the number of processes they stay below PostgreSQL's max_connections
# (docs/runbook.md has the sum).
POOL_SIZE = 4


BY_WHAT_IS_ASKED = {"plan_cache_mode": "force_custom_plan"}
"""Each statement is planned anew for its parameters: what people look for differs every time."""
BY_KEY = {"plan_cache_mode": "auto", "enable_seqscan": "off", "random_page_cost": "1.1"}
"""Plans are kept, for those who look up rows by keys and nothing else (docs/decisions/0027).

A plan that was made while a table was small must not read all of it when it has grown: so plans go
by indexes, and statements are planned anew after a minute, or when `ANALYZE` has been there. At
PostgreSQL's own price for a page out of turn, 4, a batch read some thousand rows through an index
rather than look up two hundred.
"""
PLAN_SECONDS = 60


async def create_pool(
    database_url: str,
    service: str,
    *,
    size: int = POOL_SIZE,
    plans: Mapping[str, str] = BY_WHAT_IS_ASKED,
) -> Pool:
    """Make a pool that connects when it is first used, so that a process starts without it."""
    return await asyncpg.create_pool(
        database_url,
        min_size=0,
        max_size=size,
        command_timeout=COMMAND_SECONDS,
        timeout=5,
        max_cached_statement_lifetime=PLAN_SECONDS,
        reset=_keep_session,
        server_settings={
            "application_name": f"ventanilla {service}",
            "statement_timeout": str(STATEMENT_SECONDS * 1000),
            "lock_timeout": str(LOCK_SECONDS * 1000),
            "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_SECONDS * 1000),
            "tcp_keepalives_idle": "10",
            "tcp_keepalives_interval": "5",
            "tcp_keepalives_count": "3",
            # Looking up 200 keys of events in two tables took 95 ms with helpers and 1 ms without.
            "max_parallel_workers_per_gather": "0",
            "jit": "off",
            "timezone": "UTC",
            **plans,
        },
    )


async def _keep_session(_: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Spare the round trip that resets a session: nothing of ours changes one."""


async def watch_database(pool: Pool, service: Service) -> None:
    """Keep readiness true for a process that only uses the database when it is asked to."""
    service.health.not_ready("database", "not asked yet")
    answered: bool | None = None
    while not service.stopping.is_set():
        before, answered = answered, True
        try:
            await pool.execute("SELECT 1")
        except AWAY as error:
            answered = False
            service.health.not_ready("database", "the database does not answer")
            if before is not False:
                log.warning("database.unavailable", **failure(error))
        else:
            service.health.ready("database")
            if before is False:
                log.info("database.answers")
        await service.stopped_within(WATCH_SECONDS)
