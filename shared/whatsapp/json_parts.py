r"""Open JSON one level at a time, keeping the bytes of every part as they came.

msgspec refuses a whole body for one lone surrogate (`"\ud83d"`, half an emoji), which phones do
send; then the standard library reads it, and the parts are written anew with the same meaning.
"""

import json
import re
from typing import Any, TypeVar

import msgspec

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises at JSON that is wrong, or is not what was expected."""

StructT = TypeVar("StructT", bound=msgspec.Struct)

_object_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
# Runs of brackets in one piece: a million of them held ingress up for seconds.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[{]++|[\]}]++|,', re.DOTALL)
_array_decoder = msgspec.json.Decoder(list[msgspec.Raw])


def members(part: bytes | None) -> dict[str, bytes] | None:
    """Give the members of a JSON object, each still encoded; None where it is no object."""
    if part is None:
        return None
    try:
        return {key: bytes(value) for key, value in _object_decoder.decode(part).items()}
    except UNREADABLE:
        value = read_json(part)
    if isinstance(value, dict):
        return {key: write_json(member) for key, member in value.items()}
    pairs = [member.partition(b":") for member in _cut(part, b"{")] if value is None else []
    return {str(read_json(key)): member for key, _, member in pairs} or None


def elements(part: bytes | None) -> list[bytes] | None:
    """Give the elements of a JSON array, each still encoded; None where it is no array."""
    if part is None:
        return None
    try:
        return [bytes(value) for value in _array_decoder.decode(part)]
    except UNREADABLE:
        value = read_json(part)
    if isinstance(value, list):
        return [write_json(element) for element in value]
    return (_cut(part, b"[") or None) if value is None else None


def _cut(part: bytes, opening: bytes) -> list[bytes]:
    """Cut an object or array that is nested too deeply for any parser at its outermost commas.

    So a part that nobody can read does not take its neighbours with it. Keys hold no colon here:
    Meta's do not, and a part with another key is only recorded.
    """
    pieces: list[bytes] = []
    depth = start = 0
    for token in _TOKEN.finditer(part):
        mark = token[0]
        if mark[0] in b"[{":
            if depth == 0:
                if not mark.startswith(opening):
                    return []
                start = token.start() + 1
            depth += len(mark)
        elif mark[0] in b"]}":
            if depth <= len(mark):
                pieces.append(part[start : token.start() + depth - 1].strip())
                return pieces if depth > 0 else []
            depth -= len(mark)
        elif depth == 0:
            return []
        elif depth == 1 and mark == b",":
            pieces.append(part[start : token.start()].strip())
            start = token.end()
    return []


def read_json(part: bytes | None) -> Any:  # noqa: ANN401  whatever the JSON holds
    """Read JSON that need not be quite right; None where nobody could read it."""
    if part is None:
        return None
    try:
        return msgspec.json.decode(part)
    except UNREADABLE:
        pass
    try:
        return json.loads(part.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def read_members(part: bytes, known: msgspec.json.Decoder[StructT]) -> StructT | None:
    """Read those members of a JSON object that a struct names; None where it is no object.

    A member whose type is `msgspec.Raw` stays encoded; any other is a text, and None where it is
    something else or missing. One that is odd does not harm the others.
    """
    try:
        return known.decode(part)
    except UNREADABLE:
        parts = members(part)
    if parts is None:
        return None
    read = known.type()
    for field in msgspec.structs.fields(read):
        member = parts.get(field.encode_name)
        if member is not None:
            value = msgspec.Raw(member) if field.type is msgspec.Raw else read_text(member)
            setattr(read, field.name, value)
    return read


def read_text(part: bytes | None) -> str | None:
    """Give a JSON string, or None where it is something else."""
    value = read_json(part)
    return value if isinstance(value, str) else None


def write_json(value: object) -> bytes:
    """Write JSON in ASCII, which can hold lone surrogates too."""
    return json.dumps(value).encode()
