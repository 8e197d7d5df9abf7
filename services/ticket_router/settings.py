"""What the ticket router must be told."""

from dataclasses import dataclass

from shared import config
from shared.texts import Texts, read_texts


@dataclass(frozen=True, slots=True)
class Settings:
    """The router's settings, checked."""

    database_url: str
    amqp_url: str
    phone_number_id: str
    grace_reply_reopens: bool
    texts: Texts


def read_settings(env: config.Env) -> Settings:
    """Read the environment; raise ValueError naming the variable that is wrong."""
    return Settings(
        database_url=config.database_url(env),
        amqp_url=config.amqp_url(env),
        phone_number_id=config.whatsapp_phone_number_id(env),
        grace_reply_reopens=config.grace_reply_reopens(env),
        texts=read_texts(config.texts_file(env)),
    )
