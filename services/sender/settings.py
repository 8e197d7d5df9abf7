"""What the sender must be told."""

from dataclasses import dataclass
from datetime import timedelta

from shared import config


@dataclass(frozen=True, slots=True)
class Settings:
    """The sender's settings, checked."""

    database_url: str
    graph_url: str
    access_token: str
    phone_number_id: str
    messages_per_second: int
    keeps_pair_limit: bool
    grace: timedelta
    read_marks: bool
    """Whether contacts see that an agent has opened what they wrote."""
    templates: dict[str, tuple[str, str]]
    """Name and language by purpose, for what may not be sent as free text."""
    store_url: str


def read_settings(env: config.Env) -> Settings:
    """Read the environment; raise ValueError naming the variable that is wrong."""
    return Settings(
        database_url=config.database_url(env),
        graph_url=config.whatsapp_graph_url(env),
        access_token=config.whatsapp_access_token(env),
        phone_number_id=config.whatsapp_phone_number_id(env),
        messages_per_second=config.whatsapp_messages_per_second(env),
        keeps_pair_limit=config.whatsapp_pair_limit(env),
        grace=config.grace_period(env),
        read_marks=config.read_marks(env),
        templates=config.templates(env),
        store_url=config.media_store_url(env),
    )
