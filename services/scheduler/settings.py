"""What the scheduler must be told."""

from dataclasses import dataclass
from datetime import timedelta

from shared import config
from shared.media.formats.registry import choose_formats
from shared.texts import Texts, read_texts


@dataclass(frozen=True, slots=True)
class Settings:
    """The scheduler's settings, checked."""

    database_url: str
    amqp_url: str
    unknown_resend: timedelta
    formats: tuple[str, ...]
    texts: Texts
    ledger_raw_kept: timedelta
    keys_kept: timedelta
    store_url: str
    media_kept: timedelta | None
    """None: files are kept for ever."""


def read_settings(env: config.Env) -> Settings:
    """Read the environment; raise ValueError naming the variable that is wrong."""
    return Settings(
        database_url=config.database_url(env),
        amqp_url=config.amqp_url(env),
        unknown_resend=config.unknown_resend(env),
        formats=tuple(one.name for one in choose_formats(config.media_formats(env))),
        texts=read_texts(config.texts_file(env)),
        ledger_raw_kept=config.ledger_raw_kept(env),
        keys_kept=config.keys_kept(env),
        store_url=config.media_store_url(env),
        media_kept=config.media_kept(env),
    )
