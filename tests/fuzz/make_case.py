"""One request to ingress: a body that somebody spoiled, signed by Meta or not."""

import hmac
import json
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.fuzz.odd_json import odd_member, odd_value, write_oddly
from tests.system import APP_SECRET, PHONE_NUMBER_ID

SECOND = "1795000000"
UNSIGNED = b"UNSIGNED"
GOOD = "wamid.good."

_MEDIA = {"id": "4711", "mime_type": "image/jpeg", "sha256": "x", "caption": "Una foto"}
SENDER: dict[str, Any] = {"from": "34600111222", "from_user_id": "ES.1349", "timestamp": SECOND}
MESSAGES: tuple[dict[str, Any], ...] = (
    {**SENDER, "id": "wamid.t", "type": "text", "text": {"body": "No puedo firmar"}},
    {**SENDER, "id": "wamid.i", "type": "image", "image": _MEDIA, "context": {"forwarded": True}},
    {**SENDER, "id": "wamid.r", "type": "reaction", "reaction": {"message_id": "w", "emoji": "x"}},
    {**SENDER, "id": "wamid.u", "type": "unsupported", "errors": [{"code": 131051}]},
    {**SENDER, "id": "wamid.g", "type": "text", "text": {"body": "a"}, "group_id": "g1"},
)
STATUSES: tuple[dict[str, Any], ...] = (
    {"id": "wamid.o", "status": "read", "timestamp": SECOND, "recipient_id": "34600111222"},
    {"id": "wamid.o", "status": "failed", "timestamp": SECOND, "errors": [{"code": 131047}]},
)
CONTACT = {"wa_id": "34600111222", "user_id": "ES.1349", "profile": {"name": "Eulalia"}}
METADATA = {"display_phone_number": "34973901905", "phone_number_id": PHONE_NUMBER_ID}

_DIGEST = b"0123456789abcdef" * 4
# Lines of a request's head in place of the right signature.
BROKEN_SIGNATURES = (
    b"", b"X-Hub-Signature-256:\r\n", b"X-Hub-Signature-256: sha256=\r\n",
    b"X-Hub-Signature-256: sha256=" + _DIGEST + b"\r\n", b"X-Hub-Signature-256: sha256\r\n",
    b"X-Hub-Signature-256: " + _DIGEST + b"\r\n", b"X-Hub-Signature: sha1=" + _DIGEST + b"\r\n",
    b"X-Hub-Signature-256: sha512=" + _DIGEST + b"\r\n", b"X-Hub-Signature-256: \xff\xfe\r\n",
    b"X-Hub-Signature-256: sha256=" + b"g" * 64 + b"\r\n",
    b"X-Hub-Signature-256: sha256=" + "ñ".encode() * 64 + b"\r\n",
    b"X-Hub-Signature-256: sha256=" + b"0" * 6000 + b"\r\n",
    b"X-Hub-Signature-256: sha256=\r\nX-Hub-Signature-256: " + _DIGEST + b"\r\n",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """A request, and what must come of it."""

    kind: str
    signature: bytes
    body: bytes
    signed: bool
    good_key: str | None = None
    """The key of the good message in it, which must arrive as an event."""


def make_case(random: Random, number: int) -> Case:
    """Make the case of this number."""
    choice = random.random()
    if choice < 0.3:
        return _signed("good neighbour", _with_good_neighbour(random, number), _good_key(number))
    if choice < 0.5:
        return _signed("odd values", write_oddly(random, webhook(random), 0.03))
    if choice < 0.8:
        return _signed("spoiled bytes", spoil(random, json.dumps(webhook(random)).encode()))
    return _unsigned(random)


def webhook(random: Random, mark: str = "") -> dict[str, Any]:
    """Give one with a few of everything."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": METADATA,
        "contacts": [CONTACT],
        "messages": random.choices(MESSAGES, k=random.randrange(1, 4)),
        "statuses": random.choices(STATUSES, k=random.randrange(2)),
    }
    change = {"field": "messages", "value": value}
    return {
        "object": f"whatsapp_business_account{mark}",
        "entry": [{"id": f"9{mark}", "changes": [change]}],
    }


def spoil(random: Random, body: bytes) -> bytes:
    """Flip bits, cut, swap, repeat and insert, as nothing between Meta and us should."""
    spoiled, last = bytearray(body), 0
    for _ in range(random.randrange(1, 6)):
        at = random.randrange(len(spoiled) + 1)
        other = random.randrange(len(spoiled) + 1)
        first, last = min(at, other), max(at, other)
        match random.randrange(7):
            case 0 | 1 if at < len(spoiled):
                spoiled[at] ^= 1 << random.randrange(8)
            case 2:
                del spoiled[first : min(last, first + 40)]
            case 3:
                spoiled = spoiled[last:] + spoiled[first:last] + spoiled[:first]
            case 4:
                spoiled[first:first] = spoiled[first : min(last, first + 60)]
            case 5:
                spoiled[at:at] = random.choice(
                    (b"\x00", b"\xff", b"\xed\xa0\xbd", b'"', b"}", b"[")
                )
            case _:
                spoiled[at:at] = odd_value(random)
    return bytes(spoiled[:last]) if random.random() < 0.1 else bytes(spoiled)


def _with_good_neighbour(random: Random, number: int) -> bytes:
    """Put one good message among parts of which each may be anything."""
    good = json.dumps({**MESSAGES[0], "id": f"{GOOD}{number}"}).encode()
    messages = [_neighbour(random) for _ in range(random.randrange(1, 5))]
    messages.insert(random.randrange(len(messages) + 1), good)
    members = [
        b'"messaging_product":' + odd_value(random),
        b'"metadata":' + write_oddly(random, METADATA, 0.3),
        b'"contacts":' + write_oddly(random, [CONTACT], 0.3),
        b'"statuses":' + write_oddly(random, list(STATUSES), 0.2),
        b'"errors":' + odd_value(random),
        b'"messages":[' + b",".join(messages) + b"]",
    ]
    random.shuffle(members)
    change = b'{"field":"messages","value":{' + b",".join(members) + b"}}"
    changes = [odd_value(random) for _ in range(random.randrange(3))]
    changes.insert(random.randrange(len(changes) + 1), change)
    entry = b'{"id":' + odd_value(random) + b',"changes":[' + b",".join(changes) + b"]}"
    entries = [odd_value(random) for _ in range(random.randrange(3))]
    entries.insert(random.randrange(len(entries) + 1), entry)
    return b'{"object":' + odd_value(random) + b',"entry":[' + b",".join(entries) + b"]}"


def _neighbour(random: Random) -> bytes:
    if random.random() < 0.3:
        return odd_value(random)
    if random.random() < 0.2:
        return b"{" + odd_member(random) + b"," + odd_member(random) + b"}"
    return write_oddly(random, random.choice(MESSAGES), 0.25)


def _good_key(number: int) -> str:
    return f"{SECOND}:{GOOD}{number}"


def _signed(kind: str, body: bytes, good_key: str | None = None) -> Case:
    digest = hmac.digest(APP_SECRET.encode(), body, "sha256").hex().encode()
    return Case(kind, b"X-Hub-Signature-256: sha256=" + digest + b"\r\n", body, True, good_key)


def _unsigned(random: Random) -> Case:
    mark = UNSIGNED.decode()
    body = json.dumps(webhook(random, mark)).encode().replace(b"wamid.", b"wamid." + UNSIGNED)
    if random.random() < 0.3:
        body = spoil(random, body)
    if random.random() < 0.3:
        # Signed for another body.
        right = _signed("", body + b" ").signature
        return Case("signed for another body", right, body, signed=False)
    return Case("broken signature", random.choice(BROKEN_SIGNATURES), body, signed=False)
