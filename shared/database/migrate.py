"""Bring a database to the newest schema: numbered plain SQL, forward only.

yoyo keeps its lock in a row, which a killed migration leaves behind. An advisory lock, which
PostgreSQL releases with the connection, stands around it: whoever holds it may break yoyo's.
"""

from pathlib import Path

import psycopg
import tenacity
from yoyo import get_backend, read_migrations
from yoyo.backends import DatabaseBackend
from yoyo.migrations import Migration

MIGRATIONS = Path(__file__).parent / "migrations"

_ADVISORY_LOCK = 0x76656E74  # "vent"
TAKE_LOCK = "SELECT pg_advisory_lock(%s)"


def migrate(database_url: str) -> list[str]:
    """Apply what is missing, each migration in a transaction of its own; give the names applied.

    Two at once wait for one another. One that is killed leaves whole migrations only, and the
    next goes on from there. Raises `psycopg.Error`.
    """
    with psycopg.connect(database_url, autocommit=True) as guard:
        guard.execute(TAKE_LOCK, [_ADVISORY_LOCK])
        backend = get_backend(_with_driver(database_url))
        try:
            backend.break_lock()
            with backend.lock():
                missing = backend.to_apply(read_migrations(str(MIGRATIONS)))
                for migration in missing:
                    _apply(backend, migration)
                return [migration.id for migration in missing]
        finally:
            backend.connection.close()


# A migration locks tables that running services lock in another order: one of the two is ended by
# PostgreSQL then, or waits in vain, and all is as before.
@tenacity.retry(
    retry=tenacity.retry_if_exception_type(
        (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable)
    ),
    stop=tenacity.stop_after_attempt(30),
    wait=tenacity.wait_random(0.2, 1.0),
    reraise=True,
)
def _apply(backend: DatabaseBackend, migration: Migration) -> None:
    backend.apply_one(migration)


def _with_driver(database_url: str) -> str:
    return "postgresql+psycopg://" + database_url.partition("://")[2]
