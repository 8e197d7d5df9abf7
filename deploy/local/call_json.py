"""JSON over HTTP, to the services of this run."""

import json
import urllib.request
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
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with open_directly(request, ANSWER_SECONDS) as answer:
            answered: dict[str, Any] = json.load(answer)
    except HTTPError as error:
        words = error.read(SHOWN_CHARACTERS).decode("utf-8", "replace")
        raise CallError(f"{method} {url} was answered {error.code}: {words}") from error
    except (OSError, ValueError) as error:
        raise CallError(f"{method} {url} was not answered: {error}") from error
    return answered
