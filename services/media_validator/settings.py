"""What the media validator must be told."""

from dataclasses import dataclass
from datetime import timedelta

from shared import config
from shared.media.formats.format import Format
from shared.media.formats.registry import choose_formats
from shared.texts import Texts, read_texts


@dataclass(frozen=True, slots=True)
class Settings:
    """The validator's settings, checked."""

    database_url: str
    amqp_url: str
    graph_url: str
    access_token: str
    phone_number_id: str
    media_hosts: frozenset[str]
    formats: tuple[Format, ...]
    max_bytes: int
    store_url: str
    notice_delay: timedelta
    texts: Texts
    antivirus: tuple[str, int] | None
    """Host and port of ClamAV's daemon; None: nothing is scanned."""


def read_settings(env: config.Env) -> Settings:
    """Read the environment; raise ValueError naming the variable that is wrong."""
    return Settings(
        database_url=config.database_url(env),
        amqp_url=config.amqp_url(env),
        graph_url=config.whatsapp_graph_url(env),
        access_token=config.whatsapp_access_token(env),
        phone_number_id=config.whatsapp_phone_number_id(env),
        media_hosts=config.whatsapp_media_hosts(env),
        formats=choose_formats(config.media_formats(env)),
        max_bytes=config.media_max_bytes(env),
        store_url=config.media_store_url(env),
        notice_delay=config.refusal_notice(env),
        texts=read_texts(config.texts_file(env)),
        antivirus=config.clamav_address(env),
    )
