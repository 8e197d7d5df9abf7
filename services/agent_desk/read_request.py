"""Read bodies and query parameters, with a clear answer where they are wrong."""

import base64
import binascii
from typing import Annotated, TypeVar

import msgspec
from aiohttp import web

from services.agent_desk.problems import Problem
from shared.texts import LONGEST_TEXT

BodyT = TypeVar("BodyT")


def text_of(longest: int, description: str) -> msgspec.Meta:
    """Describe a text for the document alone: what does not fit gets 422 from `check_text`."""
    return msgspec.Meta(
        extra_json_schema={"minLength": 1, "maxLength": longest, "pattern": r"^[^\u0000]*$"},
        description=description,
    )


Text = Annotated[str, text_of(LONGEST_TEXT, "Something besides spaces, and no NUL.")]

DEFAULT_LIMIT = 50
HIGHEST_LIMIT = 200
_HIGHEST_NUMBER = 2**63 - 1
_MOST_DIGITS = 19


async def read_body(request: web.Request, form: type[BodyT]) -> BodyT:
    """Read a JSON body of the given form; 400 where it is none."""
    try:
        return msgspec.json.decode(await request.read(), type=form)
    except msgspec.ValidationError as error:
        raise Problem(400, f"The body does not fit: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(400, "The body is not valid JSON.") from None


def check_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """Give a text of at most so many characters that says something; 422 otherwise."""
    if not text.strip():
        raise Problem(422, "The text is empty.")
    if len(text) > longest:
        raise Problem(422, f"The text is longer than {longest} characters.")
    if "\x00" in text:
        raise Problem(422, "The text holds a NUL character.")
    return text


def read_choice(request: web.Request, name: str, choices: frozenset[str]) -> str | None:
    """Read an optional parameter that must be one of the choices; 400 otherwise."""
    value = request.query.get(name)
    if value is not None and value not in choices:
        raise Problem(400, f"{name} must be one of {', '.join(sorted(choices))}.")
    return value


def read_limit(request: web.Request) -> int:
    """Read how many rows a page may have; 400 where it is no number from 1 to 200."""
    limit = read_number(request.query.get("limit", str(DEFAULT_LIMIT)))
    if limit is None or not 1 <= limit <= HIGHEST_LIMIT:
        raise Problem(400, f"limit must be a number from 1 to {HIGHEST_LIMIT}.")
    return limit


def read_number(text: str) -> int | None:
    """Read digits that fit into the database's numbers; None where they do not."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        return None
    number = int(text)
    return number if number <= _HIGHEST_NUMBER else None


def write_cursor(*place: int) -> str:
    """Write the place after which the next page begins; opaque to whoever carries it."""
    return base64.urlsafe_b64encode(".".join(map(str, place)).encode()).decode().rstrip("=")


def read_cursor(request: web.Request, parts: int) -> tuple[int, ...] | None:
    """Read a cursor of so many numbers; None without one, 400 where it is not ours."""
    cursor = request.query.get("cursor")
    if cursor is None:
        return None
    try:
        decoded = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        decoded = ""
    numbers = [read_number(part) for part in decoded.split(".")]
    place = tuple(number for number in numbers if number is not None)
    if not len(numbers) == len(place) == parts:
        raise Problem(400, "The cursor is not one that this list gave.")
    return place
