"""Structured logs: a catalogue of events, and nothing in a line that the catalogue does not name.

A log never holds a phone number, a name, a text or a raw wamid: a wamid carries the sender's
number in base64. Where a line must say who, it gives a keyed hash (`pseudonym`).
"""

import hmac
import logging
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, WrappedLogger

from shared.log_catalogue import CATALOGUE, COMMON

_OURS = Path(__file__).parents[1]
_ALLOWED = {event: fields | COMMON for event, fields in CATALOGUE.items()}
_encoder = msgspec.json.Encoder(enc_hook=str)


class UnknownLogFieldError(Exception):
    """A log line used an event or a field that the catalogue does not name."""


class CatalogueFilter:
    """Let through only what the catalogue names; raise instead where `strict` (in tests)."""

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict

    def __call__(self, _: WrappedLogger, __: str, line: EventDict) -> EventDict:
        """Drop the fields that the catalogue does not name and say which they were."""
        allowed = _ALLOWED.get(line["event"])
        if allowed is not None and line.keys() <= allowed:
            return line
        unknown = sorted(line.keys() - (allowed or COMMON))
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
    class, the last place in our code and, from PostgreSQL, the SQLSTATE. Of several errors at once
    the first counts.
    """
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if _is_ours(f.filename)] or list(frames)
    place = ours[-1] if ours else None
    where = f"{os.path.relpath(place.filename, _OURS)}:{place.lineno}" if place else None
    return {
        "error": type(error).__name__,
        "where": where,
        "sqlstate": getattr(error, "sqlstate", None),
    }


def _is_ours(filename: str) -> bool:
    return Path(filename).is_relative_to(_OURS) and "site-packages" not in filename


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


def _stamp(service: str, pid: int) -> structlog.typing.Processor:
    """Add what every line has; with structlog's own processors a line took twice as long."""

    def add(_: WrappedLogger, level: str, line: EventDict) -> EventDict:
        line["service"] = service
        line["pid"] = pid
        line["level"] = level
        line["timestamp"] = datetime.now(UTC)
        return line

    return add


def _to_json(_: WrappedLogger, __: str, line: EventDict) -> bytes:
    return _encoder.encode(line)


def configure_logging(
    service: str, *, as_json: bool, level: str, hash_key: bytes, strict: bool = False
) -> None:
    """Set up the one way in which this process logs: to standard output, one line an event."""
    global _hash_key  # noqa: PLW0603  set once at start; a parameter would reach every call
    _hash_key = hash_key
    processors: list[structlog.typing.Processor] = [
        CatalogueFilter(strict=strict),
        _stamp(service, os.getpid()),
    ]
    factory: Any
    if as_json:
        processors.append(_to_json)
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
