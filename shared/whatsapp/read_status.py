"""Read one status of a webhook, tolerantly."""

import re
from dataclasses import dataclass
from typing import Any

from shared.whatsapp.json_parts import read_json

_CALLBACK = re.compile(r"message:(\d{1,18})")


@dataclass(frozen=True, slots=True)
class ReceivedStatus:
    """What WhatsApp tells of a message of ours."""

    phone_number_id: str | None
    wamid: str | None
    status: str | None
    message_id: int | None
    """From the callback data that we sent with the message (`callback_data`)."""
    in_group: bool
    error_code: int | None
    """Meta's code of why it failed, the first if there are several."""
    timestamp: object
    """As it came (`shared.domain.timestamp` reads it)."""


def read_status(raw: bytes) -> ReceivedStatus:
    """Read an item of kind `status` as `split_webhook` wrote it."""
    item = _dict(read_json(raw))
    status = _dict(item.get("status"))
    callback = _CALLBACK.fullmatch(_text(status.get("biz_opaque_callback_data")) or "")
    return ReceivedStatus(
        phone_number_id=_text(_dict(item.get("metadata")).get("phone_number_id")),
        wamid=_text(status.get("id")),
        status=_text(status.get("status")),
        message_id=int(callback[1]) if callback else None,
        in_group=status.get("recipient_type") == "group",
        error_code=_first_code(status.get("errors")),
        timestamp=status.get("timestamp"),
    )


def _first_code(errors: object) -> int | None:
    first = _dict(errors[0]) if isinstance(errors, list) and errors else {}
    code = first.get("code")
    return code if isinstance(code, int) else None


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.isprintable() else None
