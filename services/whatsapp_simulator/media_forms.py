"""Read the multipart forms in which files come."""

import re
from typing import TypeVar

import msgspec
from aiohttp import web
from aiohttp.web_request import FileField

from services.whatsapp_simulator.json_bodies import bad_request

T = TypeVar("T")

# What may stand in a header: a type that was declared is given back as it was.
MIME_TYPE = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,254}")


async def read_form(request: web.Request) -> tuple[dict[str, str], FileField | None]:
    """Give the texts of the form by name, and its part `file`; raise HTTPBadRequest."""
    try:
        form = await request.post()
    except ValueError as error:
        raise bad_request(str(error)) from None
    texts = {name: value for name, value in form.items() if isinstance(value, str)}
    file = form.get("file")
    return texts, file if isinstance(file, FileField) else None


def convert_form(texts: dict[str, str], expected: type[T]) -> T:
    """Give the texts as the type; raise HTTPBadRequest that says what does not fit."""
    try:
        return msgspec.convert(texts, expected, strict=False)
    except msgspec.ValidationError as error:
        raise bad_request(str(error)) from None
