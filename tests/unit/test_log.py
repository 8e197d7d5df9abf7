"""A log line holds what the catalogue names, and nothing that a citizen wrote."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from shared.log import (
    CatalogueFilter,
    UnknownLogFieldError,
    configure_logging,
    failure,
    log,
    pseudonym,
)
from shared.log_catalogue import CATALOGUE, COMMON

SECRET = "No puedo firmar con mi DNI 12345678Z"


@pytest.fixture(autouse=True)
def _configured() -> Iterator[None]:
    """Leave logging as it is in all tests; `log` must not be used here unless it is strict.

    Where it is not strict, structlog keeps what it was set up with at its first use.
    """
    yield
    configure_logging("tests", as_json=True, level="debug", hash_key=b"tests", strict=True)


def _filtered(line: dict[str, Any], *, strict: bool = False) -> dict[str, Any]:
    return dict(CatalogueFilter(strict=strict)(None, "info", line))


@pytest.mark.parametrize("event", sorted(CATALOGUE))
def test_every_event_goes_through_with_all_its_fields(event: str) -> None:
    line = {"event": event, **dict.fromkeys(CATALOGUE[event] | COMMON - {"event"}, 1)}

    assert _filtered(dict(line), strict=True) == line


def test_an_unknown_field_is_dropped_and_named() -> None:
    line = _filtered({"event": "webhook.verified", "level": "info", "phone": "34600111222"})

    assert line == {"event": "webhook.verified", "level": "info", "dropped": ["phone"]}


def test_an_unknown_event_is_dropped_with_its_fields() -> None:
    line = _filtered({"event": SECRET, "level": "info", "text": SECRET, "ticket": "1"})

    assert line == {
        "event": "event.not_in_catalogue",
        "level": "info",
        "dropped": ["text", "ticket"],
    }


@pytest.mark.parametrize(
    "line", [{"event": "nothing.like_it"}, {"event": "webhook.verified", "phone": "1"}]
)
def test_in_tests_both_raise(line: dict[str, Any]) -> None:
    with pytest.raises(UnknownLogFieldError):
        _filtered(line, strict=True)


def test_a_failure_says_class_and_place_and_never_its_text() -> None:
    with pytest.raises(ValueError, match="DNI") as caught:
        int(SECRET)

    described = failure(caught.value)

    assert described["error"] == "ValueError"
    assert re.fullmatch(r"tests/unit/test_log\.py:\d+", str(described["where"]))
    assert SECRET not in str(described)


def test_of_several_failures_at_once_the_first_is_described() -> None:
    with pytest.raises(ValueError, match="DNI") as caught:
        int(SECRET)

    described = failure(ExceptionGroup("", [ExceptionGroup("", [caught.value]), TypeError()]))

    assert described["error"] == "ValueError"
    assert str(described["where"]).startswith("tests/unit/test_log.py:")


def test_a_failure_of_postgresql_has_its_sqlstate() -> None:
    class _PostgresError(Exception):
        sqlstate = "23505"

    assert failure(_PostgresError(SECRET)) == {
        "error": "_PostgresError",
        "where": None,
        "sqlstate": "23505",
    }


def test_a_pseudonym_is_the_same_for_the_same_key_only() -> None:
    configure_logging("a", as_json=True, level="info", hash_key=b"one")
    first = pseudonym("34600111222")
    assert pseudonym("34600111222") == first
    assert pseudonym("34600111223") != first
    configure_logging("a", as_json=True, level="info", hash_key=b"two")

    assert pseudonym("34600111222") != first
    assert re.fullmatch("[0-9a-f]{12}", first)


def test_a_pseudonym_is_made_of_anything_that_a_phone_sends() -> None:
    assert pseudonym("\ud83d\x00")


def test_a_line_is_json_with_service_time_and_level(capfdbinary: Any) -> None:
    configure_logging("ingress", as_json=True, level="info", hash_key=b"k")
    structlog.get_logger().info("webhook.rejected", reason="signature", status=401)
    structlog.get_logger().debug("webhook.verified")

    (printed,) = capfdbinary.readouterr().out.splitlines()
    line = json.loads(printed)

    assert line.keys() == {"event", "level", "timestamp", "service", "pid", "reason", "status"}
    assert (line["service"], line["level"], line["status"]) == ("ingress", "info", 401)
    assert line["timestamp"].endswith("Z")


def test_a_terminal_gets_a_readable_line(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logging("ingress", as_json=False, level="info", hash_key=b"k")
    structlog.get_logger().info("webhook.verified")

    printed = capfd.readouterr().out
    assert "webhook.verified" in printed
    assert not printed.startswith("{")


def test_a_librarys_warning_is_a_line_without_its_arguments(
    capfd: pytest.CaptureFixture[str],
) -> None:
    configure_logging("ingress", as_json=True, level="info", hash_key=b"k", strict=True)
    logging.getLogger("yoyo").info("not this")
    logging.getLogger("aiormq").warning("nor this, which `amqp.lost` says once")
    try:
        int(SECRET)
    except ValueError:
        logging.getLogger("yoyo").warning("frame of %s", SECRET, exc_info=True)
    logging.getLogger("yoyo").error(SECRET)

    printed = capfd.readouterr().out
    first, second = (json.loads(line) for line in printed.splitlines())

    assert (first["logger"], first["template"], first["error"]) == (
        "yoyo", "frame of %s", "ValueError",
    )  # fmt: skip
    assert second["template"] == "yoyo"
    assert SECRET not in printed


def test_the_log_of_the_package_is_the_one_that_is_configured() -> None:
    with pytest.raises(UnknownLogFieldError):
        log.info("nothing.like_it")
