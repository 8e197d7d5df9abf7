"""Route webhooks into PostgreSQL as ingress and the router do, without the processes."""

from pathlib import Path
from typing import Any

from services.ticket_router.settings import Settings as RouterSettings
from shared.config import DEFAULT_TEXTS_FILE
from shared.texts import Texts, read_texts
from tests.system import PHONE_NUMBER_ID

EMPTY = """
DELETE FROM outbox; DELETE FROM ticket_events; DELETE FROM attachments; DELETE FROM changes;
DELETE FROM early_statuses; DELETE FROM message_marks; DELETE FROM contact_merges;
DELETE FROM contact_conflicts; DELETE FROM identity_changes; DELETE FROM messages;
DELETE FROM tickets;
DELETE FROM contact_addresses; DELETE FROM contacts; DELETE FROM received_events;
"""


def texts() -> Texts:
    return read_texts(Path(DEFAULT_TEXTS_FILE))


def router_settings(texts: Texts, *, grace_reply_reopens: bool = False) -> RouterSettings:
    return RouterSettings(
        database_url="",
        amqp_url="",
        phone_number_id=PHONE_NUMBER_ID,
        grace_reply_reopens=grace_reply_reopens,
        texts=texts,
    )


def contact_entry(phone: str | None, user_id: str | None, name: str | None) -> dict[str, Any]:
    """Give one element of a webhook's `contacts`."""
    entry: dict[str, Any] = {"profile": {"name": name} if name else {}}
    if phone:
        entry["wa_id"] = phone
    if user_id:
        entry["user_id"] = user_id
    return entry
