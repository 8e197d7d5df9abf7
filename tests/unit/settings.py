"""A complete and correct environment for each service, and what can be wrong with it."""

import importlib
from collections.abc import Callable
from typing import Any

from shared import config

SECRET = "hunter2-must-not-be-shown"

RIGHT = {
    "DATABASE_URL": "postgresql://ventanilla:secret@127.0.0.1:1/ventanilla",
    "AMQP_URL": "amqp://guest:guest@127.0.0.1:1/",
    "WHATSAPP_APP_SECRET": "app-secret",
    "WHATSAPP_VERIFY_TOKEN": "verify-token",
    "WHATSAPP_ACCESS_TOKEN": "access-token",
    "WHATSAPP_PHONE_NUMBER_ID": "700800900100200",
    "DESK_ADMIN_TOKEN": "admin-token",
    "LOG_HASH_KEY": "hash-key",
    "LOG_FORMAT": "json",
    "SIMULATOR_WEBHOOK_URL": "http://127.0.0.1:1/webhook",
}

# What every process reads (`run_service`), and what each service reads besides.
ALL = frozenset({"LOG_FORMAT", "LOG_LEVEL", "LOG_HASH_KEY", "HEALTH_PORT", "HTTP_HOST"})
READS: dict[str, frozenset[str]] = {
    "agent_desk": frozenset(
        {
            "DATABASE_URL", "DESK_ADMIN_TOKEN", "GRACE_PERIOD_SECONDS", "TEXTS_FILE", "DESK_PORT",
            "MEDIA_STORE_URL", "READ_MARKS",
        }
    ),
    "ingress": frozenset(
        {"AMQP_URL", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN", "INGRESS_PORT"}
    ),
    "media_validator": frozenset(
        {
            "DATABASE_URL", "AMQP_URL", "WHATSAPP_GRAPH_URL", "WHATSAPP_ACCESS_TOKEN",
            "WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_MEDIA_HOSTS", "MEDIA_FORMATS", "MEDIA_MAX_BYTES",
            "MEDIA_STORE_URL", "REFUSAL_NOTICE_SECONDS", "TEXTS_FILE", "CLAMAV_URL",
        }
    ),
    "scheduler": frozenset(
        {
            "DATABASE_URL", "AMQP_URL", "UNKNOWN_RESEND_SECONDS", "MEDIA_FORMATS", "TEXTS_FILE",
            "LEDGER_RAW_DAYS", "KEYS_DAYS", "MEDIA_STORE_URL", "MEDIA_KEPT_DAYS",
        }
    ),
    "sender": frozenset(
        {
            "DATABASE_URL", "WHATSAPP_GRAPH_URL", "WHATSAPP_ACCESS_TOKEN",
            "WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_MESSAGES_PER_SECOND", "WHATSAPP_PAIR_LIMIT",
            "GRACE_PERIOD_SECONDS", "MEDIA_STORE_URL",
            "TEMPLATE_OPENING", "TEMPLATE_CLOSING", "TEMPLATE_REOPENED", "TEMPLATE_REFUSED",
            "READ_MARKS",
        }
    ),
    "status_tracker": frozenset({"DATABASE_URL", "AMQP_URL", "WHATSAPP_PHONE_NUMBER_ID"}),
    "ticket_router": frozenset(
        {"DATABASE_URL", "AMQP_URL", "WHATSAPP_PHONE_NUMBER_ID", "GRACE_REPLY", "TEXTS_FILE"}
    ),
    "whatsapp_simulator": frozenset(
        {
            "SIMULATOR_PORT", "WHATSAPP_PHONE_NUMBER_ID", "SIMULATOR_WEBHOOK_URL",
            "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_APP_SECRET",
        }
    ),
}  # fmt: skip

_URLS = ["", SECRET, f"ftp://u:{SECRET}@host/", f"//{SECRET}"]
_SECONDS = ["", "0", "-1", "abc", "1.5", "1e3", SECRET]
_PORTS = ["", "0", "-1", "70000", "abc", "80.5", SECRET]
_TOKENS = ["", f"{SECRET} with spaces", f"{SECRET}ñ", f"{SECRET}\x00"]
_TEMPLATES = [SECRET, f"{SECRET}:", ":es_ES", "Opening:es_ES", "opening:spanish", "a:es:es"]

WRONG: dict[str, list[str]] = {
    "DATABASE_URL": [*_URLS, f"postgresql://u:{SECRET}@h:abc/x", f"postgresql://u:{SECRET}@[h/x"],
    "AMQP_URL": [*_URLS, f"amqp://u:{SECRET}@h:99999/", "amqp://", f"amqp://u:{SECRET}@[::1/"],
    "WHATSAPP_APP_SECRET": ["", " ", f"{SECRET},", f",{SECRET}", f"{SECRET},,{SECRET}"],
    "WHATSAPP_VERIFY_TOKEN": [""],
    "WHATSAPP_ACCESS_TOKEN": _TOKENS,
    "WHATSAPP_PHONE_NUMBER_ID": ["", "+34600111222", "34 600", "abc", "1" * 33, SECRET],
    "WHATSAPP_GRAPH_URL": [*_URLS, "graph.facebook.com/v25.0", "https://", "https://h:x/"],
    "WHATSAPP_MESSAGES_PER_SECOND": _SECONDS,
    "WHATSAPP_PAIR_LIMIT": ["", "On", "6", SECRET],
    "GRACE_PERIOD_SECONDS": _SECONDS,
    "READ_MARKS": ["", "On", "yes", SECRET],
    "GRACE_REPLY": ["", "Append", "reopens", SECRET],
    "UNKNOWN_RESEND_SECONDS": _SECONDS,
    "LEDGER_RAW_DAYS": _SECONDS,
    "KEYS_DAYS": ["29", "7", *_SECONDS],
    "WHATSAPP_MEDIA_HOSTS": ["", ",", f"http://{SECRET}/", "a host", "host:port", "*"],
    "REFUSAL_NOTICE_SECONDS": _SECONDS,
    "MEDIA_FORMATS": ["", ",", "pdf,,jpg", "pdf,exe", SECRET],
    "MEDIA_MAX_BYTES": _SECONDS,
    "CLAMAV_URL": [
        SECRET, "tcp://", "tcp://h", "tcp://h:x", "tcp://h:0", "tcp://h:1/", f"tcp://{SECRET}@h:1",
        f"http://{SECRET}:1", "unix:///run/clamd", "tcp://[h:1", "tcp://h:99999",
    ],
    "MEDIA_KEPT_DAYS": ["0", "-1", "abc", "1.5", "36501", SECRET],
    "MEDIA_STORE_URL": ["", "file:///", "file://relative", "s3://", "/a/folder", f"ftp://{SECRET}"],
    "TEMPLATE_OPENING": _TEMPLATES,
    "TEMPLATE_CLOSING": _TEMPLATES,
    "TEMPLATE_REOPENED": _TEMPLATES,
    "TEMPLATE_REFUSED": _TEMPLATES,
    "TEXTS_FILE": ["", "/nowhere/texts.toml", "/"],
    "HTTP_HOST": ["", "1.2.3", "256.1.1.1", "a host", "-h", f"http://{SECRET}"],
    "INGRESS_PORT": _PORTS,
    "DESK_PORT": _PORTS,
    "SIMULATOR_PORT": _PORTS,
    "SIMULATOR_WEBHOOK_URL": ["", "http://a/webhook,", f"ftp://{SECRET}", "http://h:x/"],
    "HEALTH_PORT": _PORTS,
    "DESK_ADMIN_TOKEN": _TOKENS,
    "LOG_FORMAT": ["", "xml", "JSON"],
    "LOG_LEVEL": ["", "trace", "INFO", "10"],
    "LOG_HASH_KEY": [""],
}  # fmt: skip

REQUIRED = frozenset(RIGHT) - {"LOG_FORMAT"}


def readers_of(service: str) -> list[Callable[[config.Env], Any]]:
    """Give what a service reads at its start, in that order."""
    settings = importlib.import_module(f"services.{service}.settings")
    return [
        config.log_as_json,
        config.log_level,
        config.log_hash_key,
        config.health_port,
        config.http_host,
        settings.read_settings,
    ]
