"""Send one message through Meta's Graph API and say what is known of its fate.

The API has no idempotency key: after a lost answer nobody knows whether the message went, and to
send it again blindly makes a duplicate. So `Unknown` is an outcome of its own (R17).
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp

from shared.whatsapp.error_codes import RETRY, Rule, rule_of
from shared.whatsapp.graph_session import GraphSession, read_refusal

SEND_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Accepted:
    """WhatsApp took it and gave it an id; whether it arrives, statuses will tell."""

    wamid: str


@dataclass(frozen=True, slots=True)
class Refused:
    """WhatsApp, or the way to it, did not take it: it was certainly not sent."""

    rule: Rule
    status: int
    code: int | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request went out and no clear answer came back."""

    error: BaseException | None
    status: int


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """Nothing was sent, because nothing may be sent (R16)."""


@dataclass(frozen=True, slots=True)
class NotUploaded:
    """Nothing was sent, because WhatsApp does not have the message's file (any more)."""

    is_refused: bool = False
    """WhatsApp said so; else we know that it was never there, or that it is too old."""


Outcome = Accepted | Refused | Unknown | Undeliverable | NotUploaded


@dataclass(frozen=True, slots=True)
class OutgoingMedia:
    """A file that WhatsApp has already."""

    kind: str
    """image, video, audio or document."""
    media_id: str
    filename: str | None
    """A document's; its ending chooses the picture on the phone."""
    caption: str | None
    """At most 1024 characters; sound has none."""


@dataclass(frozen=True, slots=True)
class Template:
    """A message that WhatsApp approved beforehand, with what stands in its body."""

    name: str
    language: str
    """As in `es_ES`."""
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recipient:
    """The addresses of a contact; the phone is preferred, because it keeps itself visible."""

    phone: str | None
    user_id: str | None

    @property
    def is_known(self) -> bool:
        """Tell whether there is any address."""
        return self.phone is not None or self.user_id is not None


def callback_data(message_id: int) -> str:
    """Give what WhatsApp repeats in every status of a message of ours."""
    return f"message:{message_id}"


class GraphApi(GraphSession):
    """A session with the Graph API for one number."""

    def __init__(self, graph_url: str, access_token: str, phone_number_id: str) -> None:
        timeout = aiohttp.ClientTimeout(total=SEND_SECONDS, connect=5)
        super().__init__(f"{graph_url}/{phone_number_id}/messages", access_token, timeout)

    async def send_text(self, recipient: Recipient, text: str, message_id: int) -> Outcome:
        """Send a text of at most 4096 characters; never raises for what the network does."""
        content = {"type": "text", "text": {"body": text, "preview_url": False}}
        return await self._send(recipient, content, message_id)

    async def send_template(
        self, recipient: Recipient, template: Template, message_id: int
    ) -> Outcome:
        """Send a template; never raises for what the network does."""
        parameters = [{"type": "text", "text": _one_line(one)} for one in template.parameters]
        content = {
            "type": "template",
            "template": {
                "name": template.name,
                "language": {"code": template.language},
                "components": [{"type": "body", "parameters": parameters}],
            },
        }
        return await self._send(recipient, content, message_id)

    async def send_media(
        self, recipient: Recipient, media: OutgoingMedia, message_id: int
    ) -> Outcome:
        """Send a file by its id; never raises for what the network does."""
        content: dict[str, str] = {"id": media.media_id}
        if media.kind == "document" and media.filename is not None:
            content["filename"] = media.filename
        if media.caption is not None:
            content["caption"] = media.caption
        return await self._send(recipient, {"type": media.kind, media.kind: content}, message_id)

    async def _send(
        self, recipient: Recipient, content: dict[str, Any], message_id: int
    ) -> Outcome:
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            **_address(recipient),
            **content,
            "biz_opaque_callback_data": callback_data(message_id),
        }
        try:
            return _judge_answer(*await self._post(json=body))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Refused(RETRY, 0, None)  # no connection was made, so nothing was sent
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return Unknown(error, 0)


def _one_line(text: str) -> str:
    """Keep to what a parameter may hold: no line breaks, no long gaps (Meta, 132018)."""
    return " ".join(text.split()) or "-"


def _address(recipient: Recipient) -> dict[str, str]:
    """Address by phone with `+`, or by user id in `recipient`.

    Without `+` Meta puts the business number's country code in front; a user id in `to` is
    answered 200 and never delivered (both seen in production).
    """
    if recipient.phone is not None:
        return {"to": f"+{recipient.phone}"}
    return {"recipient": str(recipient.user_id)}


def _judge_answer(status: int, told: dict[str, Any]) -> Outcome:
    if status == HTTPStatus.OK:
        wamid = _wamid(told.get("messages"))
        return Accepted(wamid) if wamid else Unknown(None, status)
    if (refusal := read_refusal(status, told)) is not None:
        rule, code = refusal
        return Refused(rule, status, code)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        # No word from the API itself: something on the way failed, before or after it.
        return Unknown(None, status)
    # A proxy, a login page, a wrong address: the API has not refused it, so it is kept.
    return Refused(rule_of(None, status), status, None)


def _wamid(messages: object) -> str | None:
    if isinstance(messages, list) and messages and isinstance(messages[0], dict):
        wamid = messages[0].get("id")
        return wamid if isinstance(wamid, str) and wamid.isprintable() and wamid else None
    return None
