"""What the simulator must know about the desk that it plays WhatsApp for."""

from dataclasses import dataclass, field

from shared import config


@dataclass(frozen=True)
class Settings:
    """The desk's WhatsApp account, and where both sides listen."""

    host: str
    port: int
    phone_number_id: str
    webhook_urls: tuple[str, ...]
    access_token: str = field(repr=False)
    app_secret: str = field(repr=False)


def read_settings(env: config.Env) -> Settings:
    """Read the environment; raise ValueError that names the wrong variable."""
    return Settings(
        host=config.http_host(env),
        port=config.simulator_port(env),
        phone_number_id=config.whatsapp_phone_number_id(env),
        webhook_urls=config.simulator_webhook_urls(env),
        access_token=config.whatsapp_access_token(env),
        # The first is the newest: Meta signs with the secret that the app has now.
        app_secret=config.whatsapp_app_secrets(env)[0],
    )
