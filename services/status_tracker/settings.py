"""What the status tracker must be told."""

from dataclasses import dataclass

from shared import config


@dataclass(frozen=True, slots=True)
class Settings:
    """The tracker's settings, checked."""

    database_url: str
    amqp_url: str
    phone_number_id: str


def read_settings(env: config.Env) -> Settings:
    """Read the environment; raise ValueError naming the variable that is wrong."""
    return Settings(
        database_url=config.database_url(env),
        amqp_url=config.amqp_url(env),
        phone_number_id=config.whatsapp_phone_number_id(env),
    )
