"""What the desk must be told."""

from dataclasses import dataclass
from datetime import timedelta

from shared import config
from shared.texts import Texts, read_texts


@dataclass(frozen=True, slots=True)
class Settings:
    """The desk's settings, checked."""

    database_url: str
    admin_token: str
    media_store_url: str
    grace: timedelta
    read_marks: bool
    texts: Texts
    host: str
    port: int


def read_settings(env: config.Env) -> Settings:
    """Read the environment; raise ValueError naming the variable that is wrong."""
    return Settings(
        database_url=config.database_url(env),
        admin_token=config.desk_admin_token(env),
        media_store_url=config.media_store_url(env),
        grace=config.grace_period(env),
        read_marks=config.read_marks(env),
        texts=read_texts(config.texts_file(env)),
        host=config.http_host(env),
        port=config.desk_port(env),
    )
