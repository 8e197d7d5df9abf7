"""Read the environment: secrets that come as files, and the checks that several variables share."""

import ipaddress
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from environs import Env, FileAwareEnv, ValidationError, validate

__all__ = [
    "MOST_DAYS",
    "Env",
    "ValidationError",
    "choice",
    "days",
    "days_or_never",
    "environment",
    "host_and_port",
    "hosts",
    "is_host",
    "is_store",
    "name_and_language",
    "names",
    "not_blank",
    "required",
    "url_of",
    "urls",
    "validate",
]

MOST_DAYS = 36_500


def not_blank(value: str) -> None:
    """Check that a value says something, on one line."""
    if not value.strip():
        raise ValidationError("Must not be empty.")
    if not value.isprintable():
        raise ValidationError("Holds a line break or another character that cannot be printed.")


class _Environment(FileAwareEnv):
    """Names the variable also where its file is not text."""

    def _get_value(self, env_key: str, default: Any) -> Any:  # noqa: ANN401  as in environs
        try:
            return super()._get_value(env_key, default)
        except UnicodeDecodeError:
            raise ValueError(
                f'Environment variable "{env_key}_FILE" invalid: the file is not UTF-8.'
            ) from None


def environment() -> Env:
    """Read from `os.environ`; `NAME_FILE` names a file that holds the value of `NAME`."""
    return _Environment(strip_whitespace=True)


def url_of(*schemes: str, needs_host: bool = True) -> Callable[[str], None]:
    """Give the check that a value is a URL with one of the schemes."""

    def check(value: str) -> None:
        try:
            parts = urlsplit(value)
            _ = parts.port
        except ValueError:
            raise ValidationError("Is not a URL with a host and a port number.") from None
        if parts.scheme not in schemes or (needs_host and not parts.hostname):
            raise ValidationError(f"Must be a URL that begins with {' or '.join(schemes)}.")

    return check


def host_and_port(env: Env, name: str, scheme: str) -> tuple[str, int] | None:
    """Read `scheme://host:port`; an empty value counts as none."""
    value = env.str(name, "")
    if not value:
        return None
    wrong = ValueError(f'Environment variable "{name}" invalid: must be {scheme}://host:port.')
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise wrong from None
    if not host or not port or value != f"{scheme}://{parts.netloc}" or parts.username is not None:
        raise wrong
    return host, port


_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]{0,252})(:\d{1,5})?")


def hosts(env: Env, name: str, default: str) -> frozenset[str]:
    """Read a comma-separated list of `host[:port]` or `*.domain`, in lower case."""
    listed = env.str(name, default, validate=not_blank).lower().split(",")
    found = frozenset(host.strip() for host in listed)
    if not all(_HOST.fullmatch(host) for host in found):
        raise ValueError(
            f'Environment variable "{name}" invalid: must be host[:port] or *.domain, separated by '
            "commas."
        )
    return found


def is_host(value: str) -> None:
    """Check that a value is an address or the name of a machine."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252})", value):
            raise ValidationError("Must be an IP address or a host name.") from None
        if re.fullmatch(r"[0-9.]+", value):
            raise ValidationError("Is not an IP address.") from None


def is_store(value: str) -> None:
    """Check that a value is a folder of this machine or a bucket."""
    url_of("file", "s3", needs_host=False)(value)
    parts = urlsplit(value)
    right = parts.netloc if parts.scheme == "s3" else not parts.netloc and len(parts.path) > 1
    if not right:
        raise ValidationError("Must be file:///folder or s3://bucket/prefix.")


def days(env: Env, name: str, default: int, least: int) -> timedelta:
    """Read a number of days."""
    check = validate.Range(min=least, max=MOST_DAYS, error=f"Must be {least} or more days.")
    return timedelta(days=env.int(name, default, validate=check))


def days_or_never(env: Env, name: str, least: int) -> timedelta | None:
    """Read a number of days; an empty value, too, counts as none."""
    return days(env, name, least, least) if env.str(name, "") else None


def choice(env: Env, name: str, default: str, *others: str) -> str:
    """Read one of a few words."""
    *most, last = options = (default, *others)
    check = validate.OneOf(options, error=f"Must be {', '.join(most)} or {last}.")
    return env.str(name, default, validate=check)


def name_and_language(env: Env, name: str) -> tuple[str, str] | None:
    """Read a template's name and language; an empty value counts as none."""
    value = env.str(name, "")
    match = re.fullmatch(r"([a-z0-9_]{1,512}):([a-z]{2,3}(?:_[A-Z]{2})?)", value)
    if match is not None:
        return match[1], match[2]
    if value:
        raise ValueError(
            f'Environment variable "{name}" invalid: Must be name:language, as in opening:es_ES.'
        )
    return None


def required(env: Env, name: str, *checks: Callable[[Any], Any]) -> str:
    """Read a variable that must be there."""
    return env.str(name, validate=[not_blank, *checks])


def names(env: Env, name: str) -> tuple[str, ...]:
    """Read a comma-separated list of which no part may be empty."""
    parts = tuple(part.strip() for part in required(env, name).split(","))
    if not all(parts):
        raise ValueError(f'Environment variable "{name}" invalid: a part of the list is empty.')
    return parts


def urls(env: Env, name: str, *schemes: str) -> tuple[str, ...]:
    """Read a comma-separated list of URLs, each with one of the schemes."""
    found = names(env, name)
    for url in found:
        try:
            url_of(*schemes)(url)
        except ValidationError as error:
            raise ValueError(f'Environment variable "{name}" invalid: {error.args[0]}') from None
    return found
