"""The messages of a benchmark: always the same ones, for whoever is measured.

Of ten messages in a row three are first messages of new contacts, and the others come from contacts
who have written before, so that a stream can begin on an empty database and go on for ever.
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256

from shared.events import MessageReceived, encode_event, seal_envelope
from tests.webhooks import events_of, signed, webhook_of

FIRST_OF_TEN = 3
BEGAN = 1_790_000_000
"""WhatsApp's second of the first message."""
MESSAGES_PER_SECOND = 500

WORDS = "Buenos días, no puedo firmar la solicitud con mi certificado y el plazo acaba mañana."


def known_before(number: int) -> int:
    """Count the contacts who have written before message `number`."""
    return number // 10 * FIRST_OF_TEN + min(number % 10, FIRST_OF_TEN)


def contact_of(number: int) -> int:
    """Say who writes message `number`: a new contact, or one of those who are known."""
    known = known_before(number)
    if number % 10 < FIRST_OF_TEN:
        return known
    return int.from_bytes(sha256(b"who %d" % number).digest()[:8], "big") % known


def phone_of(contact: int) -> str:
    """Give a contact's number."""
    return f"346{contact:08}"


def wamid_of(number: int, phone: str) -> str:
    """Give a wamid as WhatsApp makes them: the address in base64, and random digits after it."""
    unique = sha256(b"wamid %d" % number).hexdigest()[:20].upper().encode()
    who = phone.encode()
    content = b"\x1c\x18" + bytes([len(who)]) + who + b"\x15\x02\x00\x12\x18\x14" + unique + b"\x00"
    return "wamid." + b64encode(content).decode()


def webhook(number: int, *, at: float | None = None, contact: int | None = None) -> bytes:
    """Give the body of one webhook with one text message, compact as Meta writes it."""
    who = contact_of(number) if contact is None else contact
    phone = phone_of(who)
    message = {
        "from": phone,
        "id": wamid_of(number, phone),
        "timestamp": str(int(BEGAN + number / MESSAGES_PER_SECOND if at is None else at)),
        "text": {"body": WORDS},
        "type": "text",
    }
    contacts = [{"profile": {"name": f"Citizen {who}"}, "wa_id": phone}]
    body = webhook_of(message, contacts=contacts)
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def request(number: int, *, at: float | None = None, contact: int | None = None) -> bytes:
    """Give the whole HTTP request that brings a webhook, signed."""
    body = webhook(number, at=at, contact=contact)
    headers = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **signed(body)}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /webhook HTTP/1.1\r\n{head}\r\n".encode() + body


def events(first: int, count: int) -> Iterator[MessageReceived]:
    """Give the events that ingress makes of these messages."""
    for number in range(first, first + count):
        for event in events_of(json.loads(webhook(number))):
            if not isinstance(event, MessageReceived):
                raise TypeError("a text message is a message")
            yield event


def envelopes(first: int, count: int, size: int) -> Iterator[bytes]:
    """Give the bodies of AMQP messages that hold these messages, `size` in each."""
    encoded = [encode_event(event) for event in events(first, count)]
    for place in range(0, count, size):
        yield seal_envelope(encoded[place : place + size])
