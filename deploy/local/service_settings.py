"""What the services of a run are told: secrets made up for it, and the simulator for WhatsApp."""

import os
import secrets
from collections.abc import Mapping

from deploy.local.choose_ports import port_variable
from deploy.local.free_ports import LOOPBACK
from deploy.local.guardian import CHECKOUT

# Half an hour is too long for somebody who is looking on.
GRACE_SECONDS = 5
GRACE_IN_PRODUCTION = "30 minutes"
NOTICE_SECONDS = 2
NOTICE_IN_PRODUCTION = "10 s"

# Kept from run to run, like the rows of a database that was named.
MEDIA_FOLDER = CHECKOUT / ".local" / "media"

SECRETS = (
    "DESK_ADMIN_TOKEN",
    "LOG_HASH_KEY",
    "WHATSAPP_ACCESS_TOKEN",
    "WHATSAPP_APP_SECRET",
    "WHATSAPP_VERIFY_TOKEN",
)
INVENTED_PHONE_NUMBER_ID = "100000000000001"


def service_url(ports: Mapping[str, int], service: str) -> str:
    """Give the address of a service of this run."""
    return f"http://{LOOPBACK}:{ports[service]}"


def choose_settings(database_url: str, amqp_url: str, ports: Mapping[str, int]) -> dict[str, str]:
    """Give the settings that all services of a run share."""
    return {
        "DATABASE_URL": database_url,
        "AMQP_URL": amqp_url,
        **{name: secrets.token_urlsafe(24) for name in SECRETS},
        "WHATSAPP_PHONE_NUMBER_ID": INVENTED_PHONE_NUMBER_ID,
        "WHATSAPP_GRAPH_URL": f"{service_url(ports, 'whatsapp_simulator')}/v25.0",
        "WHATSAPP_MEDIA_HOSTS": f"{LOOPBACK}:{ports['whatsapp_simulator']}",
        "MEDIA_STORE_URL": MEDIA_FOLDER.as_uri(),
        "REFUSAL_NOTICE_SECONDS": str(NOTICE_SECONDS),
        "SIMULATOR_WEBHOOK_URL": f"{service_url(ports, 'ingress')}/webhook",
        "HTTP_HOST": LOOPBACK,
        "GRACE_PERIOD_SECONDS": str(GRACE_SECONDS),
        "GRACE_REPLY": "append",
        "LOG_FORMAT": "json",
    }


def environment_of(service: str, settings: Mapping[str, str], port: int) -> dict[str, str]:
    """Give a service's environment: this process's own, but for all that the run decides."""
    decided = {**settings, port_variable(service): str(port)}
    return environment_with(decided)


def environment_with(decided: Mapping[str, str]) -> dict[str, str]:
    """Give this process's environment with settings that no variable or file of it overrides."""
    # A real token in the developer's environment must never meet the simulator, nor the other
    # way round; and a port meant for one service would be taken for its health by all.
    dropped = {*(f"{name}_FILE" for name in decided), "HEALTH_PORT"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, **decided}
