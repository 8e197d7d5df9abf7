"""Read what a webhook tells besides messages and statuses: fields of the account, errors."""

from dataclasses import dataclass
from typing import Any

from shared.whatsapp.json_parts import read_json

# What an operator has to know, because messages stop, slow down or go elsewhere (Meta, webhook
# fields, 2026-08).
FOR_OPERATORS = frozenset(
    {
        "account_alerts", "account_review_update", "account_settings_update", "account_update",
        "business_capability_update", "business_status_update", "message_template_quality_update",
        "message_template_status_update", "messaging_handovers", "partner_solutions",
        "phone_number_name_update", "phone_number_quality_update", "security", "standby",
        "template_category_update",
    }
)  # fmt: skip
# Recorded, and nobody is woken.
OTHERS = frozenset(
    {
        "automatic_events", "business_username_updates", "calls", "flows",
        "group_lifecycle_update", "group_participants_update", "group_settings_update",
        "group_status_update", "history", "message_echoes",
        "message_template_components_update", "payment_configuration_update",
        "smb_app_state_sync", "smb_message_echoes", "tracking_events", "user_id_update",
        "user_preferences",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Notice:
    """What it is called, and whether an operator must hear of it."""

    field: str
    """A name of Meta's that is known here, `errors`, or `other`: never a stranger's words."""
    is_urgent: bool
    code: int | None = None
    """Of the first error, where there is one."""


def read_notice(raw: bytes) -> Notice:
    """Read an item of kind `other` as `split_webhook` wrote it."""
    item = _dict(read_json(raw))
    change = _dict(item.get("change"))
    field = change.get("field")
    if isinstance(field, str) and field in FOR_OPERATORS | OTHERS:
        return Notice(field, field in FOR_OPERATORS)
    errors = _dict(item.get("value")).get("errors")
    if isinstance(errors, list) and errors:
        code = _dict(errors[0]).get("code")
        return Notice("errors", is_urgent=True, code=code if isinstance(code, int) else None)
    return Notice("other", is_urgent=False)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
