"""What ingress must be told."""

from dataclasses import dataclass

from shared import config


@dataclass(frozen=True, slots=True)
class Settings:
    """Ingress' settings, checked."""

    amqp_url: str
    app_secrets: tuple[str, ...]
    verify_token: str
    host: str
    port: int


def read_settings(env: config.Env) -> Settings:
    """Read the environment; raise ValueError naming the variable that is wrong."""
    return Settings(
        amqp_url=config.amqp_url(env),
        app_secrets=config.whatsapp_app_secrets(env),
        verify_token=config.whatsapp_verify_token(env),
        host=config.http_host(env),
        port=config.ingress_port(env),
    )
