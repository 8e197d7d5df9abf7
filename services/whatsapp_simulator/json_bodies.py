"""Read and write the JSON of the simulator's own endpoints (not of those that are Meta's)."""

from typing import TypeVar

import msgspec
from aiohttp import web

T = TypeVar("T")


async def read_json(request: web.Request, expected: type[T]) -> T:
    """Read the body as the type; raise HTTPBadRequest that says what does not fit."""
    try:
        return msgspec.json.decode(await request.read(), type=expected)
    except msgspec.DecodeError as error:
        raise bad_request(str(error)) from None


def convert_json(value: object, expected: type[T]) -> T:
    """Give the JSON value as the type; raise HTTPBadRequest that says what does not fit."""
    try:
        return msgspec.convert(value, expected)
    except msgspec.ValidationError as error:
        raise bad_request(str(error)) from None


def json_answer(value: object, status: int = 200) -> web.Response:
    """Answer with any value that msgspec can write."""
    return web.Response(
        body=msgspec.json.encode(value), status=status, content_type="application/json"
    )


def bad_request(reason: str) -> web.HTTPBadRequest:
    """Make the 400 that names the reason."""
    body = msgspec.json.encode({"error": reason}).decode()
    return web.HTTPBadRequest(text=body, content_type="application/json")
