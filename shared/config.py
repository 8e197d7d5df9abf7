"""Every environment variable, with its check and its default, each in one function.

A service's `settings.py` calls the functions of the variables that it uses. All of them raise a
ValueError whose text names the variable and never shows its value.
"""

import sys
from datetime import timedelta
from pathlib import Path

from shared.environment import (
    Env,
    choice,
    days,
    days_or_never,
    environment,
    host_and_port,
    hosts,
    is_host,
    is_store,
    name_and_language,
    names,
    not_blank,
    required,
    url_of,
    urls,
    validate,
)

__all__ = ["Env", "environment"]

GRAPH_URL = "https://graph.facebook.com/v25.0"
# Where the urls of media point (Meta, media, 2025-11; seen in webhooks).
MEDIA_HOSTS = "lookaside.fbsbx.com,*.fbsbx.com,*.fbcdn.net"
DEFAULT_MEDIA_STORE = "file:///var/lib/ventanilla/media"
DEFAULT_TEXTS_FILE = Path(__file__).parent / "texts.es.toml"

_POSITIVE = validate.Range(min=1, max=31_536_000, error="Must be from 1 to 31536000.")


def database_url(env: Env) -> str:
    """Give the URL of the PostgreSQL database."""
    # A socket's folder stands in the query, so a URL without a host is fine.
    return required(env, "DATABASE_URL", url_of("postgresql", "postgres", needs_host=False))


def amqp_url(env: Env) -> str:
    """Give the URL of RabbitMQ."""
    return required(env, "AMQP_URL", url_of("amqp", "amqps"))


def whatsapp_app_secrets(env: Env) -> tuple[str, ...]:
    """Give the app secrets that may have signed a webhook; several while one is being rotated."""
    return names(env, "WHATSAPP_APP_SECRET")


def whatsapp_verify_token(env: Env) -> str:
    """Give the token that Meta repeats when the callback URL is set."""
    return required(env, "WHATSAPP_VERIFY_TOKEN")


def whatsapp_access_token(env: Env) -> str:
    """Give the bearer token for the Graph API."""
    check = validate.Regexp(r"^[\x21-\x7e]+\Z", error="Must be printable ASCII without spaces.")
    return required(env, "WHATSAPP_ACCESS_TOKEN", check)


def whatsapp_phone_number_id(env: Env) -> str:
    """Give the id of the number that this desk serves."""
    return required(
        env,
        "WHATSAPP_PHONE_NUMBER_ID",
        validate.Regexp(r"^[0-9]{1,32}\Z", error="Must be digits."),
    )


def whatsapp_graph_url(env: Env) -> str:
    """Give the Graph API's address with its version, without a slash at the end."""
    value = env.str("WHATSAPP_GRAPH_URL", GRAPH_URL, validate=url_of("https", "http"))
    return value.rstrip("/")


def whatsapp_media_hosts(env: Env) -> frozenset[str]:
    """Give the hosts, `host[:port]` or `*.domain`, that may see the token besides the Graph host.

    No other host is ever asked for a file. Those that are named whole may be private addresses.
    """
    return hosts(env, "WHATSAPP_MEDIA_HOSTS", MEDIA_HOSTS)


def whatsapp_messages_per_second(env: Env) -> int:
    """Give the number's throughput in messages per second."""
    return env.int("WHATSAPP_MESSAGES_PER_SECOND", 80, validate=_POSITIVE)


def whatsapp_pair_limit(env: Env) -> bool:
    """Tell whether contacts get no more than WhatsApp's pair limit allows."""
    return choice(env, "WHATSAPP_PAIR_LIMIT", "on", "off") == "on"


def templates(env: Env) -> dict[str, tuple[str, str]]:
    """Give name and language of the configured templates, by the purpose of their messages.

    An empty value counts as none.
    """
    named = {
        "opening": name_and_language(env, "TEMPLATE_OPENING"),
        "closing": name_and_language(env, "TEMPLATE_CLOSING"),
        "reopened": name_and_language(env, "TEMPLATE_REOPENED"),
        "refused": name_and_language(env, "TEMPLATE_REFUSED"),
    }
    return {purpose: template for purpose, template in named.items() if template is not None}


def grace_period(env: Env) -> timedelta:
    """Give the time between the closing message and the end of the ticket."""
    return timedelta(seconds=env.int("GRACE_PERIOD_SECONDS", 1800, validate=_POSITIVE))


def grace_reply_reopens(env: Env) -> bool:
    """Tell whether what a contact writes after the closing reopens the ticket."""
    return choice(env, "GRACE_REPLY", "append", "reopen") == "reopen"


def read_marks(env: Env) -> bool:
    """Tell whether contacts see that an agent has opened what they wrote."""
    return choice(env, "READ_MARKS", "on", "off") == "on"


def refusal_notice(env: Env) -> timedelta:
    """Give the time from the first refused file to the notice that names all of them."""
    return timedelta(seconds=env.int("REFUSAL_NOTICE_SECONDS", 10, validate=_POSITIVE))


def media_formats(env: Env) -> tuple[str, ...]:
    """Give the names of the formats that are taken; who knows the formats checks the names."""
    listed = env.str("MEDIA_FORMATS", "pdf,jpg,bmp,xml,oga,mp4", validate=not_blank)
    return tuple(dict.fromkeys(name.strip().lower() for name in listed.split(",")))


def media_max_bytes(env: Env) -> int:
    """Give the size in bytes beyond which a file is refused; the default is WhatsApp's limit."""
    check = validate.Range(min=1, max=2**40, error="Must be a number of bytes, at least 1.")
    return env.int("MEDIA_MAX_BYTES", 100 * 1024 * 1024, validate=check)


def clamav_address(env: Env) -> tuple[str, int] | None:
    """Give host and port of ClamAV's daemon; None, also where it is empty: nothing is scanned."""
    return host_and_port(env, "CLAMAV_URL", "tcp")


def media_store_url(env: Env) -> str:
    """Give where accepted files are kept: a folder (`file:///…`) or a bucket (`s3://…`)."""
    return env.str("MEDIA_STORE_URL", DEFAULT_MEDIA_STORE, validate=[not_blank, is_store])


def media_kept(env: Env) -> timedelta | None:
    """Give how long after a ticket's end its files are kept; None: for ever."""
    return days_or_never(env, "MEDIA_KEPT_DAYS", 1)


def unknown_resend(env: Env) -> timedelta:
    """Give the time after which a message whose fate is unknown may be sent again."""
    seconds = env.int("UNKNOWN_RESEND_SECONDS", 120, validate=_POSITIVE)
    return timedelta(seconds=seconds)


def ledger_raw_kept(env: Env) -> timedelta:
    """Give how long the raw JSON of what came in is kept, which is personal."""
    return days(env, "LEDGER_RAW_DAYS", 90, 1)


def keys_kept(env: Env) -> timedelta:
    """Give how long an event that comes again is known; Meta sends again for seven days."""
    return days(env, "KEYS_DAYS", 365, 30)


def texts_file(env: Env) -> Path:
    """Give the file with what citizens read."""
    path = Path(env.str("TEXTS_FILE", str(DEFAULT_TEXTS_FILE), validate=not_blank))
    if not path.is_file():
        raise ValueError(f'Environment variable "TEXTS_FILE" invalid: there is no file {path}.')
    return path


def http_host(env: Env) -> str:
    """Give the address to listen on."""
    return env.str("HTTP_HOST", "127.0.0.1", validate=[not_blank, is_host])


_PORT = validate.Range(min=1, max=65535, error="Must be a port, 1 to 65535.")


def ingress_port(env: Env) -> int:
    """Give the port on which webhooks are taken."""
    return env.int("INGRESS_PORT", 8001, validate=_PORT)


def desk_port(env: Env) -> int:
    """Give the port of the agents' API."""
    return env.int("DESK_PORT", 8002, validate=_PORT)


def simulator_port(env: Env) -> int:
    """Give the port of the stand-in for Meta's API."""
    return env.int("SIMULATOR_PORT", 8003, validate=_PORT)


def simulator_webhook_urls(env: Env) -> tuple[str, ...]:
    """Give the addresses to which the simulator posts its webhooks, in turn."""
    return urls(env, "SIMULATOR_WEBHOOK_URL", "http", "https")


def health_port(env: Env) -> int | None:
    """Give the port for the health of a worker without HTTP of its own, or None."""
    return env.int("HEALTH_PORT", None, validate=_PORT)


def desk_admin_token(env: Env) -> str:
    """Give the bearer token that has every right at the desk."""
    check = validate.Regexp(r"^[\x21-\x7e]+\Z", error="Must be printable ASCII without spaces.")
    return required(env, "DESK_ADMIN_TOKEN", check)


def log_as_json(env: Env) -> bool:
    """Tell whether logs are JSON lines; a terminal gets readable lines unless told otherwise."""
    if sys.stdout.isatty():
        return choice(env, "LOG_FORMAT", "console", "json") == "json"
    return choice(env, "LOG_FORMAT", "json", "console") == "json"


def log_level(env: Env) -> str:
    """Give the lowest level that is logged, in lower case."""
    return choice(env, "LOG_LEVEL", "info", "debug", "warning", "error")


def log_hash_key(env: Env) -> bytes:
    """Give the key of the hashes that stand for people in logs."""
    return required(env, "LOG_HASH_KEY").encode()
