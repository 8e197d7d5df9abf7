"""Structured logs: a catalogue of events, and nothing in a line that the catalogue does not name.

A log never holds a phone number, a name, a text or a raw wamid: a wamid carries the sender's
number in base64. Where a line must say who, it gives a keyed hash (`pseudonym`).
"""

import hmac
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, WrappedLogger

COMMON = frozenset({"event", "level", "timestamp", "service", "pid", "trace_id"})

_FAILURE = {"error", "where", "sqlstate"}

# One entry for each event: the fields that its line may have beside the common ones.
CATALOGUE: Mapping[str, frozenset[str]] = {
    event: frozenset(fields)
    for event, fields in {
        # every process
        "service.started": set[str](),
        "service.stopping": {"signal"},
        "service.stopped": {"took_ms"},
        "service.crashed": _FAILURE,
        "service.drain_timeout": {"seconds"},
        "configuration.invalid": {"reason"},
        "http.listening": {"port"},
        "request.refused": {"method", "status", *_FAILURE},
        "request.failed": {"method", *_FAILURE},
        "library.warning": {"logger", "template", *_FAILURE},
        # PostgreSQL
        "database.unavailable": set(_FAILURE),
        "database.answers": set[str](),
        # RabbitMQ
        "amqp.connected": {"purpose"},
        "amqp.lost": {"purpose", *_FAILURE},
        "amqp.unavailable": {"purpose", "attempt", *_FAILURE},
        "amqp.queue_differs": {"queue", "reason"},
        "amqp.consumer_cancelled": {"queue"},
        "publish.failed": {"queue", "events", *_FAILURE},
        # workers
        "worker.consuming": {"queue", "prefetch"},
        "worker.waiting": {"queue", "events", "attempt", *_FAILURE},
        "worker.resumed": {"queue", "waited_ms"},
        "worker.gave_back": {"queue", "deliveries"},
        "worker.suspended": {"queue", "failures_in_a_row"},
        "batch.committed": {"queue", "events", "deliveries", "took_ms"},
        "batch.halved": {"queue", "events", *_FAILURE},
        "batch.raced": {"queue", "events", "constraint"},
        "envelope.taken_apart": {"queue", "events", "delivery_count"},
        "event.dead_lettered": {"queue", "reason", "item_id", "delivery_count", *_FAILURE},
        "event.not_recorded": {"queue", "item_id", *_FAILURE},
        # ingress
        "webhook.accepted": {"items", "messages", "statuses", "others", "took_ms"},
        "webhook.rejected": {"reason", "status"},
        "webhook.unavailable": {"items", "took_ms", *_FAILURE},
        "webhook.verified": set[str](),
        # tickets
        "contact.created": {"contact_id"},
        "ticket.opened": {"ticket", "contact_id", "previous", "channel"},
        "ticket.closing": {"ticket", "agent", "closes_at"},
        "ticket.closing_taken": {"ticket", "closes_at"},
        "ticket.reopened": {"ticket", "agent", "told"},
        "ticket.closed": {"ticket", "closed_at", "by"},
        "ticket.read": {"ticket", "agent", "messages"},
        "message.queued": {"ticket_id", "message_id", "purpose"},
        "delivery.changed": {"message_id", "state"},
        "delivery.failed": {"message_id", "code"},
        "status.matched": {"item_id", "message_id"},
        "item.recorded": {"item_id", "event_hash", "outcome", "reason", "message_id"},
        # files
        "attachment.pending": {"attachment_id", "message_id"},
        "attachment.accepted": {"attachment_id", "format", "size", "attempt", "took_ms"},
        "attachment.refused": {"attachment_id", "reason", "attempt", "took_ms"},
        "attachment.unavailable": {"attachment_id", "reason", "attempt"},
        "attachment.retry": {"attachment_id", "attempt", "due_in_ms", "status", *_FAILURE},
        "attachment.claim_lost": {"attachment_id", "attempt"},
        "attachment.hash_differs": {"attachment_id"},
        "attachment.released": {"attachment_id", "attempt"},
        "attachments.not_published": {"attachments"},
        "media.prover_ended": {"attempt", "status"},
        # sender
        "send.accepted": {"message_id", "attempt", "took_ms"},
        "send.retry": {"message_id", "attempt", "code", "status", "due_in_ms"},
        "send.failed": {"message_id", "attempt", "code", "status"},
        "send.unknown": {"message_id", "attempt", *_FAILURE},
        "send.settled": {"message_id", "state"},
        "send.resend": {"message_id", "attempt"},
        "send.lease_over": {"message_id"},
        "send.not_recorded": {"message_id", *_FAILURE},
        "listen.unavailable": set(_FAILURE),
        "sender.waiting": set(_FAILURE),
        # scheduler
        "scheduler.done": {"chore", "rows", "took_ms"},
        "scheduler.waiting": {"chore", *_FAILURE},
        # desk
        "attachment.downloaded": {"attachment_id", "agent", "whole", "took_ms"},
        "attachment.broken_off": {"attachment_id", *_FAILURE},
        "stream.opened": {"agent", "resumed", "reset"},
        "stream.closed": {"agent", "took_ms"},
        "stream.broken_off": set(_FAILURE),
        "stream.unavailable": set(_FAILURE),
        # simulator
        "simulator.message_written": set(),
        "simulator.message_accepted": {"kind", "delivered"},
        "simulator.request_refused": {"code", "status"},
        "simulator.media_uploaded": {"bytes"},
        "simulator.media_streamed": {"bytes", "cut"},
        "simulator.media_refused": {"status"},
        "simulator.webhook_delivered": {"attempt"},
        "simulator.webhook_refused": {"attempt", "status"},
        "simulator.behaviour_changed": set(),
        # operations
        "migration.applied": {"migration"},
        "migration.current": {"migrations"},
    }.items()
}  # fmt: skip


class UnknownLogFieldError(Exception):
    """A log line used an event or a field that the catalogue does not name."""


class CatalogueFilter:
    """Let through only what the catalogue names; raise instead where `strict` (in tests)."""

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict

    def __call__(self, _: WrappedLogger, __: str, line: EventDict) -> EventDict:
        """Drop the fields that the catalogue does not name and say which they were."""
        allowed = CATALOGUE.get(line["event"])
        unknown = sorted(line.keys() - COMMON - (allowed or frozenset()))
        if allowed is not None and not unknown:
            return line
        if self.strict:
            raise UnknownLogFieldError(f"{line['event']}: {unknown}")
        kept = {key: value for key, value in line.items() if key not in unknown}
        if allowed is None:
            kept["event"] = "event.not_in_catalogue"
        return {**kept, "dropped": unknown}


_hash_key: bytes = os.urandom(32)
log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


def pseudonym(value: str) -> str:
    """Give the keyed hash (12 hex digits) that stands for a person or a wamid in logs."""
    return hmac.digest(_hash_key, value.encode("utf-8", "surrogatepass"), "sha256").hex()[:12]


def failure(error: BaseException) -> dict[str, Any]:
    """Describe an exception without its text, which may quote what a citizen wrote.

    PostgreSQL puts key values into its DETAIL, parsers quote their input: so a line gets the
    class, the place and, from PostgreSQL, the SQLSTATE.
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if "site-packages" not in f.filename] or list(frames)
    place = ours[-1] if ours else None
    where = f"{os.path.relpath(place.filename)}:{place.lineno}" if place else None
    return {
        "error": type(error).__name__,
        "where": where,
        "sqlstate": getattr(error, "sqlstate", None),
    }


class _LibraryHandler(logging.Handler):
    """Bring the warnings of libraries into the same lines, without their arguments."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        log.warning(
            "library.warning",
            logger=record.name,
            template=str(record.msg)[:200] if record.args else record.name,
            **(failure(error) if error else {}),
        )


def _identity(service: str, pid: int) -> structlog.typing.Processor:
    def add(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
        line["service"] = service
        line["pid"] = pid
        return line

    return add


def _to_json(line: EventDict, **_: object) -> bytes:
    return msgspec.json.encode(line, enc_hook=str)


def configure_logging(
    service: str, *, as_json: bool, level: str, hash_key: bytes, strict: bool = False
) -> None:
    """Set up the one way in which this process logs: to standard output, one line an event."""
    global _hash_key  # noqa: PLW0603  set once at start; a parameter would reach every call
    _hash_key = hash_key
    processors: list[structlog.typing.Processor] = [
        _identity(service, os.getpid()),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        CatalogueFilter(strict=strict),
    ]
    factory: Any
    if as_json:
        processors.append(structlog.processors.JSONRenderer(serializer=_to_json))
        factory = structlog.BytesLoggerFactory(sys.stdout.buffer)
    else:
        processors.append(structlog.dev.ConsoleRenderer())
        factory = structlog.WriteLoggerFactory(sys.stdout)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=factory,
        cache_logger_on_first_use=not strict,
    )
    # These say at every attempt what `amqp.unavailable` and `amqp.lost` say once.
    for chatty in ("aio_pika", "aiormq"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    root = logging.getLogger()
    root.handlers = [_LibraryHandler(logging.WARNING)]
    logging.captureWarnings(capture=True)
