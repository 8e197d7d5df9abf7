"""A wrong setting of each variable, one by one, is told with its name and without its value."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from shared import config
from tests.unit.settings import ALL, READS, REQUIRED, RIGHT, SECRET, WRONG, readers_of

EACH = [(service, name) for service in READS for name in sorted(READS[service] | ALL)]


@pytest.fixture(autouse=True)
def _right(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with an environment in which everything is right."""
    for name in os.environ:
        if name in WRONG or name.endswith("_FILE"):
            monkeypatch.delenv(name)
    for name, value in RIGHT.items():
        monkeypatch.setenv(name, value)


def _read(service: str) -> None:
    for read in readers_of(service):
        read(config.environment())


def _reason(service: str) -> str:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the caller looks at its words
        _read(service)
    return str(caught.value)


@pytest.mark.parametrize("service", READS)
def test_a_complete_environment_is_right(service: str) -> None:
    _read(service)


@pytest.mark.parametrize("service", READS)
def test_a_service_needs_what_it_reads_and_nothing_else(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in REQUIRED - READS[service] - ALL:
        monkeypatch.delenv(name)

    _read(service)


@pytest.mark.parametrize(("service", "name"), EACH)
def test_every_wrong_value_names_its_variable_and_is_not_shown(
    service: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in WRONG[name]:
        # The environment of a process cannot hold NUL; a file of `NAME_FILE` can.
        monkeypatch.setenv(name, value.replace("\x00", "\x01"))

        reason = _reason(service)

        assert name in reason, value
        assert SECRET not in reason


@pytest.mark.parametrize(
    ("service", "name"), [(service, name) for service, name in EACH if name in REQUIRED]
)
def test_a_variable_that_is_missing_is_named(
    service: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(name)

    assert name in _reason(service)


@pytest.mark.parametrize(("service", "name"), EACH)
def test_a_file_that_is_not_there_is_told_with_the_variable_that_names_it(
    service: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(f"{name}_FILE", "/nowhere/secret")

    assert f"{name}_FILE" in _reason(service)


@pytest.mark.parametrize(("service", "name"), [(s, n) for s, n in EACH if n in REQUIRED])
def test_a_secret_may_come_as_a_file_with_a_newline_at_its_end(
    service: str, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(f"{RIGHT[name]}\n", encoding="utf-8")
    monkeypatch.delenv(name)
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "secret"))

    _read(service)


ODD = [
    ("sender", "WHATSAPP_ACCESS_TOKEN", f"{SECRET}\n"),
    ("agent_desk", "DESK_ADMIN_TOKEN", f"{SECRET}\n"),
    ("sender", "WHATSAPP_PHONE_NUMBER_ID", "700\n"),
    ("sender", "WHATSAPP_PHONE_NUMBER_ID", "\u0667\u0660\u0660"),
    ("sender", "GRACE_PERIOD_SECONDS", "9" * 30),
    ("scheduler", "UNKNOWN_RESEND_SECONDS", "9" * 30),
    ("ingress", "LOG_HASH_KEY", f"{SECRET}\udcff"),
    ("ingress", "WHATSAPP_APP_SECRET", f"{SECRET}\udcff"),
    ("ingress", "WHATSAPP_VERIFY_TOKEN", f"{SECRET}\udcff"),
    ("ingress", "WHATSAPP_VERIFY_TOKEN", " "),
    ("ingress", "LOG_HASH_KEY", " "),
]


@pytest.mark.parametrize(("service", "name", "value"), ODD)
def test_a_value_that_would_only_fail_later_is_wrong_at_once(
    service: str, name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    reason = _reason(service)

    assert name in reason
    assert SECRET not in reason


def test_a_file_that_is_no_text_is_told_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe")
    monkeypatch.delenv("AMQP_URL")
    monkeypatch.setenv("AMQP_URL_FILE", str(tmp_path / "secret"))

    assert "AMQP_URL" in _reason("ingress")


@pytest.mark.parametrize(("value", "days"), [(None, None), ("", None), ("1", 1), ("3650", 3650)])
def test_files_are_kept_for_ever_unless_a_number_of_days_is_given(
    monkeypatch: pytest.MonkeyPatch, value: str | None, days: int | None
) -> None:
    if value is not None:
        monkeypatch.setenv("MEDIA_KEPT_DAYS", value)

    kept = config.media_kept(config.environment())

    assert kept == (None if days is None else timedelta(days=days))
