"""JSON that no one should write: wrong types, twice the same key, numbers and nesting without end.

All of it is JSON by its grammar; that a parser cannot hold it (5,000 digits, 100,000 brackets, half
a surrogate pair) is the point.
"""

import json
from random import Random
from typing import Any

KEYS = (
    "entry", "changes", "field", "value", "messages", "statuses", "contacts", "metadata", "id",
    "from", "from_user_id", "wa_id", "user_id", "timestamp", "type", "text", "body", "status",
    "phone_number_id", "recipient_id", "group_id", "context", "errors", "image", "", "a:b",
    "\u0000", "\ud83d", 'q"', "\\", "clave ñ",
)  # fmt: skip
SCALARS = (
    b"null", b"true", b"false", b"0", b"-0", b"-1", b"1.5", b"1e999999", b"-1e400", b"1e-999999",
    b"18446744073709551616", b"9223372036854775807", b"9" * 400,
    b'""', b'"x"', b'"\\u0000"', b'"\\ud83d"', b'"\\udc00\\ud83d"', b'"\\ud83d\\ude00"',
    b'"\\/\\b\\f\\n"', b'"' + "ñ€😀\u202e\u2028".encode() + b'"',
    b'"1795000000"', b'"messages"', b'"-1"', b'"NaN"', b"[]", b"{}", b"[[]]", b'[{}]', b'{"a":{}}',
)  # fmt: skip
# Beyond what Python reads as a number, or PostgreSQL as a key.
LONG_SCALARS = (b"9" * 5000, b"0." + b"1" * 5000, b'"' + b"y" * 9000 + b'"')
LONG_SHARE = 0.02
BRACES = (b"[", b"]"), (b'{"a":', b"}"), (b'[{"id":', b"}]")
DEPTHS = (3, 3, 3, 3, 40, 40, 40, 40, 600, 600, 600, 1200)
# Few, because each is as much work as a hundred others.
DEEPEST = 100_000
DEEPEST_SHARE = 0.0005


def odd_value(random: Random, depth: int = 0) -> bytes:
    """Give some JSON value, without regard for what should stand there."""
    choice = random.random()
    if choice < LONG_SHARE:
        return random.choice(LONG_SCALARS)
    if choice < 0.6 or depth > 3:
        return random.choice(SCALARS)
    if choice < 0.62:
        return nested(random)
    several = range(random.randrange(4))
    if choice < 0.8:
        return b"[" + b",".join(odd_value(random, depth + 1) for _ in several) + b"]"
    return b"{" + b",".join(odd_member(random, depth) for _ in several) + b"}"


def odd_member(random: Random, depth: int = 0) -> bytes:
    """Give a key that may mean something here, with a value that does not."""
    return json.dumps(random.choice(KEYS)).encode() + b":" + odd_value(random, depth + 1)


def nested(random: Random) -> bytes:
    """Give a value in many brackets."""
    times = DEEPEST if random.random() < DEEPEST_SHARE else random.choice(DEPTHS)
    opening, closing = random.choice(BRACES)
    return opening * times + random.choice(SCALARS) + closing * times


def write_oddly(random: Random, value: Any, often: float) -> bytes:
    """Write a value with something odd in place of each of its parts, now and then.

    Members may be missing, or come twice, the first time with another value.
    """
    if random.random() < often:
        return odd_value(random)
    if isinstance(value, list):
        return b"[" + b",".join(write_oddly(random, one, often) for one in value) + b"]"
    if not isinstance(value, dict):
        return json.dumps(value).encode()
    members = []
    for key, one in value.items():
        name = json.dumps(key).encode() + b":"
        if random.random() < often / 2:
            members.append(name + odd_value(random))
        if random.random() > often / 2:
            members.append(name + write_oddly(random, one, often))
        if random.random() < often / 2:
            members.append(odd_member(random))
    return b"{" + b",".join(members) + b"}"
