r"""Open JSON one level at a time, keeping the bytes of every part as they came.

msgspec refuses a whole body for one lone surrogate (`"\ud83d"`, half an emoji), which phones do
send; then the standard library reads it, and the parts are written anew with the same meaning.
"""

import json
from typing import Any

import msgspec

_object_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array_decoder = msgspec.json.Decoder(list[msgspec.Raw])


def members(part: bytes | None) -> dict[str, bytes] | None:
    """Give the members of a JSON object, each still encoded; None where it is no object."""
    if part is None:
        return None
    try:
        return {key: bytes(value) for key, value in _object_decoder.decode(part).items()}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        value = read_json(part)
    if not isinstance(value, dict):
        return None
    return {key: write_json(member) for key, member in value.items()}


def elements(part: bytes | None) -> list[bytes] | None:
    """Give the elements of a JSON array, each still encoded; None where it is no array."""
    if part is None:
        return None
    try:
        return [bytes(value) for value in _array_decoder.decode(part)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        value = read_json(part)
    if not isinstance(value, list):
        return None
    return [write_json(element) for element in value]


def read_json(part: bytes | None) -> Any:  # noqa: ANN401  whatever the JSON holds
    """Read JSON that need not be quite right; None where nobody could read it."""
    if part is None:
        return None
    try:
        return msgspec.json.decode(part)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return json.loads(part.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def read_text(part: bytes | None) -> str | None:
    """Give a JSON string, or None where it is something else."""
    value = read_json(part)
    return value if isinstance(value, str) else None


def write_json(value: object) -> bytes:
    """Write JSON in ASCII, which can hold lone surrogates too."""
    return json.dumps(value).encode()
