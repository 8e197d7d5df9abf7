"""JSON and files over HTTP, to and from the services of this run."""

import json
import secrets
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError

from deploy.local.answering import open_directly
from deploy.local.errors import RunError

ANSWER_SECONDS = 10.0
SHOWN_CHARACTERS = 500


class CallError(RunError):
    """A service refused what was asked of it, or did not answer."""


def call_json(
    method: str, url: str, body: object = None, token: str | None = None
) -> dict[str, Any]:
    """Give what a service answers; CallError with its own words where it refuses."""
    data = None if body is None else json.dumps(body).encode()
    return _read_json(_call(method, url, data, "application/json", token), url)


def send_file(
    url: str, filename: str, content_type: str, content: bytes, fields: Mapping[str, str]
) -> dict[str, Any]:
    """Post a file as a browser's form does; give what is answered. Raises CallError."""
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        f"Content-Type: {content_type}\r\n\r\n"
    )
    data = "".join([*parts, head]).encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return _read_json(
        _call("POST", url, data, f"multipart/form-data; boundary={boundary}", None), url
    )


def call_bytes(url: str, token: str) -> bytes:
    """Give what a GET is answered with; CallError where it is refused."""
    return _call("GET", url, None, None, token)


def _read_json(answered: bytes, url: str) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(answered)
    except ValueError as error:
        raise CallError(f"{url} was answered with no JSON: {error}") from error
    return told


def _call(
    method: str, url: str, data: bytes | None, content_type: str | None, token: str | None
) -> bytes:
    headers = {"Content-Type": content_type} if content_type else {}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with open_directly(request, ANSWER_SECONDS) as answer:
            return answer.read()
    except HTTPError as error:
        words = error.read(SHOWN_CHARACTERS).decode("utf-8", "replace")
        raise CallError(f"{method} {url} was answered {error.code}: {words}") from error
    except OSError as error:
        raise CallError(f"{method} {url} was not answered: {error}") from error
