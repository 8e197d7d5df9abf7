"""The examples of webhooks: their form, and what is filled in when they are played.

One file in `tests/data/webhooks` is one case. Its webhooks are posted in order, each after the one
before was handled; `after` says what is then to be seen, and what it leaves out is not looked at.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from shared.domain.kinds import Kind

FOLDER = Path(__file__).parent / "data" / "webhooks"
COVERS = FOLDER.with_suffix(".covers.json")
"""What must have an example: by section of the platform's documents, each with its names."""

# What cannot be known beforehand: WhatsApp's second, and our own message that a webhook is about.
_NOW = re.compile(r"\{now(?P<shift>[+-]\d+)?(?P<form>_ms| as number)?\}")
WAMID_OF_OPENING = "{wamid of opening}"
CALLBACK_OF_OPENING = "{callback data of opening}"

Count = Annotated[int, msgspec.Meta(ge=1)]
Sentence = Annotated[str, msgspec.Meta(min_length=10, max_length=160, pattern=r"\.$")]


class Attachment(msgspec.Struct, forbid_unknown_fields=True):
    """A file as the desk shows it."""

    filename: str | UnsetType | None = UNSET
    declared_type: str | UnsetType | None = UNSET


class Inbound(msgspec.Struct, forbid_unknown_fields=True):
    """A message of the contact as the desk shows it."""

    kind: Kind
    text: str | UnsetType | None = UNSET
    forwarded: Literal["once", "often"] | UnsetType | None = UNSET
    is_reply: bool | UnsetType = UNSET
    sent_at: str | UnsetType = UNSET
    """Unix seconds, or `arrival`: the second at which it came in."""
    reaction: str | UnsetType | None = UNSET
    edited: bool | UnsetType = UNSET
    revoked: bool | UnsetType = UNSET
    before: list[str] | UnsetType = UNSET
    """Its earlier texts, the oldest first."""
    attachments: list[Attachment] | UnsetType = UNSET


class Outbound(msgspec.Struct, forbid_unknown_fields=True):
    """A message of ours as the desk shows it."""

    delivery: (
        Literal["pending", "sent", "delivered", "read", "failed", "undeliverable"] | UnsetType
    ) = UNSET
    reaction: str | UnsetType | None = UNSET


class Ticket(msgspec.Struct, forbid_unknown_fields=True):
    """A ticket with its contact as the desk shows them."""

    status: Literal["open", "closing", "closed"]
    messages: list[Inbound]
    phone: str | UnsetType | None = UNSET
    user_id: str | UnsetType | None = UNSET
    name: str | UnsetType | None = UNSET
    username: str | UnsetType | None = UNSET
    sent: list[Outbound] | UnsetType = UNSET


class After(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be seen once the webhooks are handled."""

    ledger: dict[Literal["stored", "recorded", "refused", "duplicate"], Count]
    """How many items had each outcome."""
    tickets: list[Ticket] | UnsetType = UNSET
    """Those that the webhooks opened, the newest first."""
    addresses: list[list[dict[Literal["phone", "user_id"], str]]] | UnsetType = UNSET
    """All addresses of each contact that the webhooks made known."""
    conflicts: Annotated[int, msgspec.Meta(ge=0)] | UnsetType = UNSET
    phone: dict[str, list[Literal["opening", "closing", "reopened"]]] | UnsetType = UNSET
    """By number or user id: the purposes of what that citizen was sent."""


class Example(msgspec.Struct, forbid_unknown_fields=True):
    """One case."""

    about: Sentence
    """What is special."""
    covers: Annotated[list[str], msgspec.Meta(min_length=1)]
    webhooks: Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1)]
    """Whole webhooks; `{"raw": "…"}` is a body that is no JSON."""
    after: After


def example_names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def read_example(name: str) -> dict[str, Any]:
    """Give an example as it stands in its file; the standard library reads halves of emoji too."""
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return content


def names_to_cover() -> list[str]:
    sections: dict[str, list[str]] = json.loads(COVERS.read_text(encoding="utf-8"))
    return [name for names in sections.values() for name in names]


def fill_times(part: Any, now: int) -> Any:
    """Fill in WhatsApp's second wherever a text stands for one."""
    if isinstance(part, dict):
        return {key: fill_times(value, now) for key, value in part.items()}
    if isinstance(part, list):
        return [fill_times(value, now) for value in part]
    match = _NOW.fullmatch(part) if isinstance(part, str) else None
    if match is None:
        return part
    second = now + int(match["shift"] or 0)
    if match["form"] == " as number":
        return second
    return str(second * 1000 if match["form"] else second)


def body_of(webhook: dict[str, Any]) -> bytes:
    """Give the bytes to post; like Meta, in ASCII."""
    raw = webhook.get("raw")
    return raw.encode() if isinstance(raw, str) else json.dumps(webhook).encode()


def strings(part: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Give every text in a part of an example with the key under which it stands."""
    if isinstance(part, dict):
        for name, value in part.items():
            yield from strings(value, name)
    elif isinstance(part, list):
        for value in part:
            yield from strings(value, key)
    elif isinstance(part, str):
        yield key, part
