"""What the scheduler must be told."""

from dataclasses import dataclass
from datetime import timedelta

from shared import config


@dataclass(frozen=True, slots=True)
class Settings:
    """The scheduler's settings, checked."""

    database_url: str
    unknown_resend: timedelta


def read_settings(env: config.Env) -> Settings:
    """Read the environment; raise ValueError naming the variable that is wrong."""
    return Settings(
        database_url=config.database_url(env),
        unknown_resend=config.unknown_resend(env),
    )
