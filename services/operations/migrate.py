"""Bring the database of DATABASE_URL to the newest schema."""

import argparse

from shared import config
from shared.database.migrate import migrate
from shared.log import log


def migrate_database(env: config.Env, _: argparse.Namespace) -> None:
    """Bring DATABASE_URL to the newest schema and return."""
    applied = migrate(config.database_url(env))
    for name in applied:
        log.info("migration.applied", migration=name)
    log.info("migration.current", migrations=len(applied))
